"""The command `itemstream worker`: checks before it starts, the process, its supervisor, its limits."""
