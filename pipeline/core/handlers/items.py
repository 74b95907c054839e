"""Events that send an item, or say what became of it."""

from __future__ import annotations

from typing import Any

from pipeline.core.document import prune_told, take_final, take_opening
from pipeline.core.index import stop_waiting
from pipeline.core.joins import JOINED, answered_by, asked_of, index_joins, joined
from pipeline.core.publish import publish, publish_nameless, revise
from pipeline.core.reject import Rejection
from pipeline.core.state import Item, PreviousSource
from pipeline.core.step import Step
from pipeline.core.values import int_or_none, object_or_none, text_or_none


def added(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.added`: the item is in the conversation, perhaps unfinished."""
    _opened_in_conversation(step, body, "added")


def created(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.created`: what the beta dialect and Azure Voice Live say in place of `added`."""
    _opened_in_conversation(step, body, "created")


def output_added(step: Step, body: dict[str, Any]) -> None:
    """`response.output_item.added`: a response makes the item."""
    sent = sent_item(body)
    if sent.get("id") is None:
        return  # nothing later could be matched with it
    item = step.item(sent["id"])
    if item is not None:
        made_by(item, body.get("response_id"), body.get("output_index"))
        _open(step, item, sent)
        revise(step, item, "joined")


def done(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.done`: the item is finished and comes out."""
    sent = sent_item(body)
    if sent.get("id") is None:
        if step.first_time():
            publish_nameless(step, sent)
        return
    item = step.item(sent["id"])
    if item is not None:
        item.in_conversation = True
        item.tell_previous(text_or_none(body.get("previous_item_id")), "done")
        finish(step, item, sent, "item_done")


def output_done(step: Step, body: dict[str, Any]) -> None:
    """`response.output_item.done`: finished, for servers that send no `conversation.item.done`."""
    sent = sent_item(body)
    item = step.item(sent.get("id"))
    if item is not None:
        made_by(item, body.get("response_id"), body.get("output_index"))
        finish(step, item, sent, "output_item_done")


def retrieved(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.retrieved`: the item as the server has it now, asked for by the client."""
    sent = sent_item(body)
    item = step.item(sent.get("id"))
    if item is None:
        return
    item.in_conversation = True
    if sent.get("status") == "in_progress":
        _open(step, item, sent)
        revise(step, item, "item_retrieved")
    else:
        finish(step, item, sent, "item_retrieved")


def truncated(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.truncated`: the user heard only so much of it."""
    item = step.item(body.get("item_id"))
    if item is not None:
        item.heard_ms = int_or_none(body.get("audio_end_ms"))
        item.barged = True
        revise(step, item, "truncated")


def deleted(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.deleted`: the item left the conversation."""
    item = step.item(body.get("item_id"))
    if item is not None:
        item.deleted = True
        revise(step, item, "deleted")


def finish(step: Step, item: Item, sent: dict[str, Any], cause: str) -> None:
    """Take the finished item and bring it out, or what is new about it."""
    event = step.told
    document = take_final(item, sent)
    item.opened = True
    if item.done_at is None:
        item.done_at, item.done_ms = event.time, event.ms
        if document.get("status") == "incomplete" and item.response_id is not None:
            reply = step.session.replies.get(item.response_id)
            item.barged = item.barged or (reply is not None and reply.barged)
    if document["type"] in ("function_call", "mcp_call"):
        if item.arguments_ms is None:
            item.arguments_ms = event.ms
        # Some servers finish the call's item before they carry it out: then it has neither output nor error yet.
        if item.mcp_end_ms is None and (document.get("output") is not None or document.get("error") is not None):
            item.mcp_end_ms = event.ms
    if item.told:
        prune_told(item, item.told, document)
    _join(step, item, document)
    publish(step, item, cause, document)


def sent_item(body: dict[str, Any], name: str = "item") -> dict[str, Any]:
    """The item (or response) in an event. Raises `Rejection` where there is none that can be used."""
    sent: Any = body.get(name)
    if sent is None:
        raise Rejection("item_missing", f"the event has no `{name}`")
    item = object_or_none(sent)
    if item is None:
        raise Rejection("item_invalid", f"the event's `{name}` is not an object")
    if name == "item":
        type_: Any = item.get("type")
        if not type_ or not isinstance(type_, str):
            raise Rejection("item_invalid", "the event's `item.type` is missing or not a text")
    return item


def _opened_in_conversation(step: Step, body: dict[str, Any], source: PreviousSource) -> None:
    sent = sent_item(body)
    if sent.get("id") is None:
        return  # nothing later could be matched with it
    item = step.item(sent["id"])
    if item is not None:
        item.in_conversation = True
        item.tell_previous(text_or_none(body.get("previous_item_id")), source)
        _open(step, item, sent)
        revise(step, item, "joined")


def _open(step: Step, item: Item, sent: dict[str, Any]) -> None:
    event = step.told
    document = take_opening(item, sent)
    item.opened = True
    if item.opened_at is None and not item.final:
        item.opened_at, item.opened_ms = event.time, event.ms
    if not item.revision:
        step.session.open[item] = None
    _join(step, item, document)


def made_by(item: Item, response_id: object, output_index: object) -> None:
    """Note the response that made the item, and the place in its output; what was told first stays."""
    if item.response_id is None:
        item.response_id = text_or_none(response_id)
    if item.output_index is None:
        item.output_index = int_or_none(output_index)


def _join(step: Step, item: Item, document: dict[str, Any]) -> None:
    """Join the item with what it answers, and what answers it with the item."""
    session, type_ = step.session, document["type"]
    if type_ not in JOINED and item.waits_for is None:
        return
    index_joins(session, item, type_, document)
    asked = asked_of(session, item, type_)
    if asked is not None:
        _answer(step, asked, item)
    for answer in answered_by(session, item, type_):
        step.touch(answer)
        _answer(step, item, answer)
        revise(step, answer, "joined")


def _answer(step: Step, asked: Item, answer: Item) -> None:
    """Keep in an answer what it answers. It waits on while the question has no name yet."""
    answer.join = joined(asked)
    if answer.join["name"] is not None:
        stop_waiting(step.session, answer)
