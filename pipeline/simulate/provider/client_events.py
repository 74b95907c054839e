"""The events a client may send: what each must have, and what the server does with it."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import orjson

from pipeline.simulate import speech
from pipeline.simulate.model import Json
from pipeline.simulate.provider import script
from pipeline.simulate.provider.conversation import TRANSCRIPT, Conversation
from pipeline.simulate.provider.errors import BadEvent, missing, wrong_type, wrong_value
from pipeline.simulate.provider.items import check_output, client_item, text_of

_LEAST_COMMIT_MS = 100
_WORDS: dict[type, str] = {str: "a string", dict: "an object", int: "an integer"}


class ClientEvent(NamedTuple):
    """`waits`: until the response that is going on is over. `fields`: those it must have, and their types."""

    handle: Callable[[Conversation, Json], None]
    waits: bool
    fields: dict[str, type]


def receive(conversation: Conversation, message: str | bytes, now: int) -> None:
    """Take what the client sent. What is wrong with it comes back as an `error` event."""
    conversation.talk.now = now
    event_id: str | None = None
    try:
        event = _parsed(message)
        told = event.get("event_id")
        event_id = told if isinstance(told, str) else None
        kind = CLIENT_EVENTS[_checked(event)]
    except BadEvent as bad:
        _refuse(conversation, bad, event_id)
        return

    def handle() -> None:
        try:
            kind.handle(conversation, event)
        except BadEvent as bad:
            _refuse(conversation, bad, event_id)
        conversation.hand_over()

    if kind.waits:
        conversation.when_free(handle)
    else:
        handle()


def _refuse(conversation: Conversation, bad: BadEvent, event_id: str | None) -> None:
    conversation.talk.say("error", bad.body(event_id))
    conversation.hand_over()


def _parsed(message: str | bytes) -> Json:
    try:
        event: object = orjson.loads(message)
    except orjson.JSONDecodeError:
        raise BadEvent("invalid_json", "The event is not valid JSON.") from None
    if not isinstance(event, dict):
        raise BadEvent("invalid_event", "The event is not a JSON object.")
    return cast(Json, event)


def _checked(event: Json) -> str:
    """The event's type. Raises BadEvent where the type is not known, or a field is missing or not what it should be."""
    name = event.get("type")
    if name is None:
        raise BadEvent("invalid_event", "The 'type' field is missing.", "type")
    if name not in CLIENT_EVENTS:
        raise wrong_value("type", name, tuple(CLIENT_EVENTS))
    for field, kind in CLIENT_EVENTS[name].fields.items():
        if field not in event:
            raise missing(field)
        if not isinstance(event[field], kind):
            raise wrong_type(field, _WORDS[kind], event[field])
    return name


def _update(conversation: Conversation, event: Json) -> None:
    session, talk = conversation.session, conversation.talk
    session.update(event["session"])
    talk.spoken = "audio" in session.modalities or talk.dialect.audio_only
    talk.transcribes = session.transcribes
    talk.tools = script.declared(session.tools)
    talk.voice = session.voice or talk.voice
    conversation.ear.format = session.audio_format
    # As it is now: the session goes on changing.
    talk.say("session.updated", {"session": dict(session.body)})


def _create(conversation: Conversation, event: Json) -> None:
    item: Json = event["item"]
    if item.get("id") in conversation.bodies:
        raise BadEvent("item_create_duplicate_id", f"Item with ID '{item['id']}' already exists.", "item.id")
    check_output(item, conversation.bodies)
    previous = event.get("previous_item_id")
    if previous is None:
        previous = conversation.talk.last_item
    elif previous == "root":
        previous = None
    else:
        _known(conversation, previous, "previous_item_id", "create")
    body = client_item(conversation.talk, item, previous)
    # Told as soon as this is said; the next event may name it before.
    conversation.bodies[body["id"]] = body
    if body["type"] == "function_call_output":
        conversation.script.returned(str(body["output"]))
    elif body.get("role") == "user":
        conversation.script.asked(text_of(body))


def _retrieve(conversation: Conversation, event: Json) -> None:
    item_id: str = event["item_id"]
    _known(conversation, item_id, "item_id", "retrieve")
    account = conversation.talk.account
    body = {"item": conversation.bodies[item_id]}
    conversation.talk.say("conversation.item.retrieved", body, lambda: account.retrieved(account.items[item_id]))


def _truncate(conversation: Conversation, event: Json) -> None:
    item_id: str = event["item_id"]
    _known(conversation, item_id, "item_id", "truncate")
    body = conversation.bodies[item_id]
    if body.get("role") != "assistant":
        raise BadEvent(
            "item_truncate_invalid_item_id",
            "Only model output audio messages can be truncated at the moment.",
            "item_id",
        )
    heard_ms: int = event["audio_end_ms"]
    account = conversation.talk.account
    conversation.talk.say(
        "conversation.item.truncated",
        {"item_id": item_id, "content_index": event["content_index"], "audio_end_ms": heard_ms},
        lambda: account.truncated(account.items[item_id], heard_ms),
    )


def _delete(conversation: Conversation, event: Json) -> None:
    item_id: str = event["item_id"]
    _known(conversation, item_id, "item_id", "delete")
    talk = conversation.talk
    talk.say(
        "conversation.item.deleted",
        {"item_id": item_id},
        lambda: talk.account.deleted(talk.account.items[item_id]),
    )
    del conversation.bodies[item_id]
    if talk.last_item == item_id:
        talk.last_item = next(reversed(conversation.bodies), None)


def _append(conversation: Conversation, event: Json) -> None:
    try:
        audio = b64decode(event["audio"], validate=True)
    except (binascii.Error, ValueError):
        raise BadEvent("invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.", "audio") from None
    for heard, at_ms in conversation.ear.listen(audio, conversation.session.silence_ms):
        if heard == "started":
            conversation.speaks(at_ms)
        else:
            conversation.has_spoken(at_ms)


def _commit(conversation: Conversation, _event: Json) -> None:
    ear = conversation.ear
    if ear.buffered_ms < _LEAST_COMMIT_MS:
        raise BadEvent(
            "input_audio_buffer_commit_empty",
            "Error committing input audio buffer: buffer too small. Expected at least "
            f"{_LEAST_COMMIT_MS}ms of audio, but buffer only has {ear.buffered_ms:.2f}ms of audio.",
        )
    if conversation.utterance is not None:
        conversation.has_spoken(int(ear.heard_ms))
        return
    ear.empty()
    speech.hand_in(conversation.talk, conversation.script.question(), TRANSCRIPT)


def _clear(conversation: Conversation, _event: Json) -> None:
    conversation.ear.empty()
    conversation.utterance = None
    conversation.talk.say("input_audio_buffer.cleared", {})


def _respond(conversation: Conversation, event: Json) -> None:
    if conversation.response is not None:
        raise BadEvent(
            "conversation_already_has_active_response",
            "Conversation already has an active response in progress. Wait until the response is finished before "
            "creating a new one.",
        )
    asked: Any = event.get("response") or {}
    if not isinstance(asked, dict):
        raise wrong_type("response", "an object", asked)
    conversation.respond(cast(Json, asked))


def _cancel(conversation: Conversation, _event: Json) -> None:
    if conversation.response is None:
        raise BadEvent("response_cancel_not_active", "Cancellation failed: no active response found")
    conversation.cancel("client_cancelled")


def _known(conversation: Conversation, item_id: str, param: str, verb: str) -> None:
    if item_id not in conversation.bodies:
        raise BadEvent(
            f"item_{verb}_invalid_item_id", f"Cannot {verb} item: the item with id '{item_id}' does not exist.", param
        )


CLIENT_EVENTS: dict[str, ClientEvent] = {
    "session.update": ClientEvent(_update, False, {"session": dict}),
    "input_audio_buffer.append": ClientEvent(_append, False, {"audio": str}),
    "input_audio_buffer.commit": ClientEvent(_commit, True, {}),
    "input_audio_buffer.clear": ClientEvent(_clear, False, {}),
    "conversation.item.create": ClientEvent(_create, True, {"item": dict}),
    "conversation.item.retrieve": ClientEvent(_retrieve, True, {"item_id": str}),
    "conversation.item.truncate": ClientEvent(
        _truncate, False, {"item_id": str, "content_index": int, "audio_end_ms": int}
    ),
    "conversation.item.delete": ClientEvent(_delete, True, {"item_id": str}),
    "response.create": ClientEvent(_respond, False, {}),
    "response.cancel": ClientEvent(_cancel, False, {}),
}
