"""What is derived from a session's entities for quick look-up: open items, calls, missing joins, running responses."""

from __future__ import annotations

from collections import OrderedDict

from pipeline.core.document import document_of
from pipeline.core.joins import index_joins
from pipeline.core.state import Item, Session
from pipeline.core.values import text_or_none


def unindex(session: Session, item: Item) -> None:
    """Take an item that leaves out of the session's indexes."""
    session.open.pop(item, None)
    if item.call_id is not None and session.calls.get(item.call_id) is item:
        del session.calls[item.call_id]
    stop_waiting(session, item)


def stop_waiting(session: Session, item: Item) -> None:
    """Take an item whose join is complete, or that leaves, from those that wait."""
    if item.waits_for is not None:
        waiting = session.waiting[item.waits_for]
        waiting.remove(item)
        if not waiting:
            del session.waiting[item.waits_for]
        item.waits_for = None


def reindex(session: Session) -> None:
    """Make all indexes anew: after a restore, or after an event was undone."""
    session.items = dict(sorted(session.items.items(), key=lambda entry: entry[1].ordinal))
    session.replies = OrderedDict(sorted(session.replies.items(), key=lambda entry: entry[1].ordinal))
    session.forgotten = OrderedDict(sorted(session.forgotten.items(), key=lambda entry: entry[1][0]))
    session.running = {reply.id: reply for reply in session.replies.values() if not reply.done and reply.created_at}
    session.awaiting = {name: reply for name, reply in session.running.items() if reply.first_ms is None}
    session.open = {item: None for item in session.items.values() if item.opened and not item.revision}
    session.calls = {}
    session.waiting = {}
    for item in session.items.values():
        item.call_id = item.waits_for = None
        if item.document is not None and (b"call" in item.document or b"approval" in item.document):
            document = document_of(item)
            index_joins(session, item, text_or_none(document.get("type")), document)
