"""Events about responses: their beginning, and their end, which also brings out items that nothing else finishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipeline.core.content import without_audio
from pipeline.core.document import document_of
from pipeline.core.enrich.values import error_of, span_ms
from pipeline.core.event import Event
from pipeline.core.handlers.items import finish, made_by, sent_item
from pipeline.core.publish import publish, publish_response, revise
from pipeline.core.state import Item, Reply, Session
from pipeline.core.step import MAX_ID, Step
from pipeline.core.usage import flat_usage, raw_usage
from pipeline.core.values import list_or_none, object_or_none, text_or_none


def response_created(step: Step, body: dict[str, Any]) -> None:
    """`response.created`: from here its time runs."""
    response = sent_item(body, "response")
    reply = step.reply(response.get("id") or body.get("response_id"))
    if reply.done or reply.created_at is not None:
        return
    event, session = step.told, step.session
    reply.created_at, reply.created_ms = event.time, event.ms
    reply.conversation_id = text_or_none(response.get("conversation_id"))
    step.touch(session.cursor)
    reply.speech_end_ms, session.cursor.speech_end_ms = session.cursor.speech_end_ms, None
    session.running[reply.id] = session.awaiting[reply.id] = reply
    _tell_conversation(step, reply.conversation_id)


def first_output(step: Step, body: dict[str, Any]) -> None:
    """The first delta of a response: the moment the user's waiting ends."""
    reply = step.session.awaiting.pop(text_or_none(body.get("response_id")) or "", None)
    if reply is not None:
        step.touch(reply)
        reply.first_ms = step.told.ms


def response_done(step: Step, body: dict[str, Any]) -> None:
    """`response.done`: items it brings whole, items nothing else finishes, and then the response itself, once."""
    response = sent_item(body, "response")
    response_id = response.get("id") or body.get("response_id")
    if response_id is None:
        if not step.first_time():
            return
        reply = None
    else:
        reply = step.reply(response_id)
        if reply.done:
            return
    conversation_id = text_or_none(response.get("conversation_id")) or (reply.conversation_id if reply else None)
    _tell_conversation(step, conversation_id)
    output = list_or_none(response.get("output")) or []
    sent = [(index, item) for index, entry in enumerate(output) if (item := _item_or_none(entry)) is not None]
    if step.session.id is not None:
        for index, entry in sent:
            _output_item(step, entry, response_id, index)
    if reply is not None:
        step.session.running.pop(reply.id, None)
        step.session.awaiting.pop(reply.id, None)
    if step.session.open:
        _bring_out_open(step)
    warnings = ["output_item_invalid"] if len(sent) != len(output) else []
    item_ids: list[str] = [entry["id"] for _, entry in sent]
    out_of_band = conversation_id is None and _outside(step.session, item_ids)
    fields = {
        **_of_response(response, body),
        "item_ids": item_ids,
        "out_of_band": out_of_band,
        "timing": _timing(reply, step.told),
        "warnings": warnings,
    }
    if sent:
        less = {index: without_audio(entry) for index, entry in sent}
        response = {**response, "output": [less.get(index, entry) for index, entry in enumerate(output)]}
    publish_response(step, reply.id if reply else None, fields, response)
    if reply is not None:
        reply.end()


def items_alone(body: dict[str, Any]) -> Iterator[tuple[str, Callable[[Step, dict[str, Any]], None]]]:
    """The items of a `response.done` of no session: each one's id, and what brings it out where it is kept alone."""
    response = sent_item(body, "response")
    response_id = response.get("id") or body.get("response_id")
    for index, told in enumerate(list_or_none(response.get("output")) or []):
        entry = _item_or_none(told)
        if entry is not None:
            yield entry["id"], _bringing_out(entry, response_id, index)


def _bringing_out(entry: dict[str, Any], response_id: object, index: int) -> Callable[[Step, dict[str, Any]], None]:
    def bring_out(step: Step, _: dict[str, Any]) -> None:
        _output_item(step, entry, response_id, index)

    return bring_out


def _output_item(step: Step, entry: dict[str, Any], response_id: object, index: int) -> None:
    item = step.item(entry["id"])
    if item is None:
        return
    made_by(item, response_id, index)
    if entry.get("status") != "in_progress":
        finish(step, item, entry, "response_done")
    else:
        revise(step, item, "response_done")


def _bring_out_open(step: Step) -> None:
    for item in sorted(step.session.open, key=lambda one: one.ordinal):
        if not in_progress(step.session, item):
            step.touch(item)
            publish(step, item, "response_done")


def in_progress(session: Session, item: Item) -> bool:
    """Whether the server still works on an item: it says so, or says nothing while the item's response runs.

    A committed input buffer is whole, and a deleted item gone, whatever the status said at their opening (recorded:
    xAI opens a spoken message `in_progress` and never finishes it).
    """
    if item.committed or item.deleted:
        return False
    status = document_of(item).get("status")
    return status == "in_progress" or (status is None and item.response_id in session.running)


def _of_response(response: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    details = object_or_none(response.get("status_details")) or {}
    usage = raw_usage(response, body)
    modalities = list_or_none(response.get("output_modalities")) or list_or_none(response.get("modalities"))
    return {
        "status": text_or_none(response.get("status")),
        "status_reason": text_or_none(details.get("reason")),
        "error": error_of(details.get("error")),
        "output_modalities": [one for one in modalities if isinstance(one, str)] if modalities is not None else None,
        "voice": _voice(response),
        "metadata": object_or_none(response.get("metadata")),
        "usage": flat_usage(usage),
        "usage_raw": usage,
    }


def _voice(response: dict[str, Any]) -> str | None:
    """`audio.output.voice`, in the beta dialect `voice`: a name, or an object that has one (Azure Voice Live)."""
    audio = object_or_none(response.get("audio")) or {}
    told: object = (object_or_none(audio.get("output")) or {}).get("voice") or response.get("voice")
    voice = object_or_none(told)
    return text_or_none(voice.get("name") or voice.get("id")) if voice is not None else text_or_none(told)


def _timing(reply: Reply | None, event: Event) -> dict[str, Any]:
    created_ms = reply.created_ms if reply else None
    first_ms = reply.first_ms if reply else None
    return {
        "created_at": reply.created_at if reply else None,
        "first_output_ms": span_ms(created_ms, first_ms),
        "done_ms": span_ms(created_ms, event.ms),
        "speech_end_to_first_output_ms": span_ms(reply.speech_end_ms if reply else None, first_ms),
    }


def _outside(session: Session, item_ids: list[str]) -> bool:
    """Whether a response that names no conversation is out of band.

    Some servers never name one (xAI): then its items show it, being in the conversation or not.
    """
    items = [session.items[item_id] for item_id in item_ids if item_id in session.items]
    if items:
        return not any(item.in_conversation for item in items)
    return session.config.named_by_responses


def _tell_conversation(step: Step, conversation_id: str | None) -> None:
    config = step.session.config
    if conversation_id is not None and (config.conversation_id != conversation_id or not config.named_by_responses):
        step.touch(config)
        config.conversation_id = conversation_id
        config.named_by_responses = True


def _item_or_none(entry: Any) -> dict[str, Any] | None:
    item = object_or_none(entry)
    if item is None:
        return None
    id_: Any = item.get("id")
    type_: Any = item.get("type")
    usable = id_ and type_ and isinstance(id_, str) and isinstance(type_, str) and len(id_) <= MAX_ID
    return item if usable else None
