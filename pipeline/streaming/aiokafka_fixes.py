"""What is corrected in aiokafka 0.14, all in one place; applied when the first client is made."""

from __future__ import annotations

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.producer import sender

from pipeline.streaming.header_keys import LenientRecords

CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS = 0.002


def apply() -> None:
    """Idempotent.

    - Records with header keys that are not UTF-8 can be read (see `header_keys`).
    - The broker writes the markers of a transaction after it has answered the commit; a transaction begun in between
      is told CONCURRENT_TRANSACTIONS. aiokafka then waits 20 ms, where the markers take 1 to 5 ms.
    """
    patched_fetcher: Any = fetcher
    patched_fetcher.MemoryRecords = LenientRecords
    patched_sender: Any = sender
    patched_sender.BACKOFF_OVERRIDE = CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS


def forget_transactional_id(producer: Any) -> None:
    """Make a started transactional producer a plain idempotent one that keeps its producer id and epoch.

    The id and epoch are what the broker fences by: a write of an older epoch is refused by every partition that has
    seen a newer one, inside a transaction or not.
    """
    producer._txn_manager.transactional_id = None  # noqa: SLF001


def in_transaction(producer: Any) -> bool:
    """Whether there is something to abort, and aborting is still possible."""
    return producer._txn_manager.state.name in {"IN_TRANSACTION", "ABORTABLE_ERROR"}  # noqa: SLF001
