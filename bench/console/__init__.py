"""The console with very much in its store: how fast it answers, and whether it keeps up with the worker."""
