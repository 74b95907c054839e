"""A file for each thing one can ask for."""
