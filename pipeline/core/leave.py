"""An item leaves the state. If it never came out it does so now, with as much of it as a record can hold."""

from __future__ import annotations

from typing import Any

import orjson

from pipeline.core.document import document_of
from pipeline.core.event import Event
from pipeline.core.publish import publish
from pipeline.core.reject import Rejection, lost
from pipeline.core.state import Item, Session
from pipeline.core.step import Step
from pipeline.core.values import kept_json


def leave(step: Step, session: Session, item: Item) -> None:
    """Let the item go. Never raises for what is in it: nobody sent the event that makes it leave."""
    if item.opened and not item.revision:
        source = item.source.source if isinstance(item.source, Event) else item.source
        try:
            try:
                _bring_out(step, session, item)
            except Rejection:
                # It gathered more than a record can hold: what it is comes out, without what it says.
                step.undo()
                _bring_out(step, session, item, kept_json({"id": item.id, "type": document_of(item)["type"]}))
        except Rejection as rejection:  # not even that fits: it is told where the event about it stands
            step.undo()
            told: dict[str, Any] = orjson.loads(source or b"{}")
            settings, ms = step.settings, session.cursor.seen_minute * 60_000
            why = Rejection(rejection.reason, f"item {item.id} never came out: {rejection.message}")
            step.outputs.append(lost(step.routes.rejected_topic, told, ms, why, settings.version.encode()))
    step.begin(session, None)
    step.forget(item)


def _bring_out(step: Step, session: Session, item: Item, document: bytes | None = None) -> None:
    """Publish the item; where `document` is told, as that and without anything else that events told of it."""
    step.begin(session, None)
    step.touch(item)
    if document is not None:
        item.document = document
        item.fill = item.told = item.transcripts = item.arguments = None
    publish(step, item, "session_idle")
