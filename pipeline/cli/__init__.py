"""The command `itemstream`: one module a command, a table of them in `main`."""
