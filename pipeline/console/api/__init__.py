"""The console over HTTP: its API, its page, and who may do what."""
