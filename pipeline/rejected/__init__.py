"""Rejected records, the worker's and those of subscribers (dead letters): read, pointed at, put right, sent again."""
