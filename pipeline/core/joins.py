"""Items that answer others: outputs their function calls, approval responses their requests. In either order."""

from __future__ import annotations

from typing import Any

from pipeline.core.document import document_of
from pipeline.core.state import Item, Session
from pipeline.core.values import text_or_none

_ASKED_BY: dict[str, str] = {"function_call_output": "call_id", "mcp_approval_response": "approval_request_id"}
"""An answer's item type -> its field that names what it answers."""

JOINED = frozenset({"function_call", "mcp_approval_request", *_ASKED_BY})
"""Item types that are answered, or answer."""


def index_joins(session: Session, item: Item, type_: str | None, document: dict[str, Any]) -> None:
    """Make an item findable for the join: a call by its `call_id`, an answer without its join by what it waits for."""
    if type_ == "function_call":
        call_id = text_or_none(document.get("call_id"))
        if call_id and call_id not in session.calls:
            session.calls[call_id] = item
            item.call_id = call_id
    elif type_ in _ASKED_BY and item.join is None and item.waits_for is None:
        asked = text_or_none(document.get(_ASKED_BY[type_]))
        if asked:
            session.waiting.setdefault(asked, []).append(item)
            item.waits_for = asked


def answered_by(session: Session, item: Item, type_: str | None) -> list[Item]:
    """The answers that wait for `item`."""
    if type_ == "function_call":
        return list(session.waiting.get(item.call_id or "", ()))
    if type_ == "mcp_approval_request":
        return list(session.waiting.get(item.id, ()))
    return []


def asked_of(session: Session, item: Item, type_: str | None) -> Item | None:
    """What `item` answers, where it has come."""
    if item.waits_for is None:
        return None
    if type_ == "function_call_output":
        return session.calls.get(item.waits_for)
    asked = session.items.get(item.waits_for)
    return asked if asked is not None and asked.opened else None


def joined(asked: Item) -> dict[str, Any]:
    """What an answer keeps of what it answers, so that it does not need it again.

    `ms` is when the question was complete: a call's arguments, or a request's finish (its opening, where it has none).
    """
    document = document_of(asked)
    question_ms = asked.arguments_ms if asked.call_id is not None else asked.done_ms or asked.opened_ms
    return {
        "item_id": asked.id,
        "name": text_or_none(document.get("name")),
        "server_label": text_or_none(document.get("server_label")),
        "ms": question_ms,
    }
