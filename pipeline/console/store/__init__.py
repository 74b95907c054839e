"""The console's store: conversations in SQLite or PostgreSQL, and all that can be asked of it."""

from pipeline.console.store.queries import StoreQueries
from pipeline.console.store.store import Store, StoreError, open_store

__all__ = ["Store", "StoreError", "StoreQueries", "open_store"]
