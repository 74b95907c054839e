"""The store and the projection as the settings want them."""

from __future__ import annotations

from pipeline.console.projection import Projection, store_facts
from pipeline.console.store import Store, open_store
from pipeline.ingest.redact import compile_rules
from pipeline.paths import data_dir
from pipeline.settings import Settings

DAY_MS = 86_400_000


def store_address(settings: Settings) -> str:
    """`console_store`, or a file of the user's for these topics."""
    return settings.console_store or str(data_dir() / "console" / f"{settings.prefix}.sqlite3")


def store_of(settings: Settings, *, rebuild: bool = False) -> Store:
    """The store, opened, its tables there. rebuild: emptied, so that all is read again from the topics.

    Raises UsageError and ItemstreamError, see `open_store` and `Store.prepare`.
    """
    store = open_store(store_address(settings))
    try:
        (store.rebuild if rebuild else store.prepare)(store_facts(settings))
    except BaseException:
        store.close()
        raise
    return store


def projection_of(settings: Settings, store: Store) -> Projection:
    """What keeps the store as the topics are. Raises UsageError for a rule that is wrong."""
    return Projection(
        settings,
        store,
        redaction=compile_rules(settings.console_redact),
        retention_ms=round(settings.console_retention * DAY_MS) or None,
    )
