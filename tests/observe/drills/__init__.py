"""A drill per alert: `python -m tests.observe.drills` causes it for real, sees it fire and clear."""
