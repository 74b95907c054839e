"""Items that a client puts into the conversation: checked, and written as the provider would tell them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import orjson

from pipeline.simulate.model import Json
from pipeline.simulate.provider.errors import BadEvent, missing, wrong_type, wrong_value
from pipeline.simulate.talk import Talk

_OWN = ("id", "object", "type", "status")
_KINDS = {"text": "text", "input_text": "text", "output_text": "text", "input_image": "image"}
CONTENTS = {
    "user": ("input_text", "input_audio", "input_image"),
    "system": ("input_text",),
    "assistant": ("output_text", "output_audio", "text", "audio"),
}


def client_item(talk: Talk, told: Json, previous: str | None) -> Json:
    """Put the client's item behind the item `previous`; returns what it told. Raises BadEvent."""
    item_type = told.get("type")
    if item_type is None:
        raise missing("item.type")
    if item_type not in _MEANINGS:
        raise wrong_value("item.type", item_type, tuple(_MEANINGS))
    final: Json = {"response_id": None, "output_index": None, **_MEANINGS[item_type](talk, told)}
    item = talk.new_item(item_type, final, told.get("call_id"))
    item.item_id = told.get("id") or item.item_id
    fields = {name: value for name, value in told.items() if name not in _OWN}
    status: str | None = "completed"
    if item_type == "message":
        fields["content"] = [_without_audio(part) for part in fields["content"]]
    elif item_type == "function_call_output":
        xai = talk.dialect.envelope == "xai"
        status = "completed" if xai else None
        fields = {"role": "tool", **fields} if xai else fields
    elif item_type == "mcp_approval_response":
        status = None
    body = talk.wire.item(item_type, item.item_id, status, fields)
    end, talk.last_item = talk.last_item, previous
    talk.add_client_item(item, body)
    if end != previous:
        talk.last_item = end
    return body


def text_of(message: Json) -> str:
    """What a message says in writing."""
    return "\n".join(str(part["text"]) for part in message.get("content", []) if part.get("text"))


def _without_audio(part: Json) -> Json:
    """The provider tells a part of audio without its bytes."""
    if part.get("type") not in ("input_audio", "audio", "output_audio"):
        return part
    return {"transcript": None} | {name: value for name, value in part.items() if name != "audio"}


def _message(talk: Talk, told: Json) -> Json:
    role = told.get("role")
    if role is None:
        raise missing("item.role")
    if role not in CONTENTS:
        raise wrong_value("item.role", role, tuple(CONTENTS))
    content: Any = told.get("content")
    if not isinstance(content, list):
        raise missing("item.content") if content is None else wrong_type("item.content", "an array", content)
    texts: list[str] = []
    kinds: set[str] = set()
    for index, part in enumerate(cast(list[Any], content)):
        where = f"item.content[{index}]"
        if not isinstance(part, dict):
            raise wrong_type(where, "an object", part)
        kind: Any = cast(Json, part).get("type")
        if kind not in CONTENTS[role]:
            raise wrong_value(f"{where}.type", kind, CONTENTS[role])
        kinds.add(_KINDS.get(kind, "audio"))
        if _KINDS.get(kind) == "text":
            text = cast(Json, part).get("text")
            if not isinstance(text, str):
                raise missing(f"{where}.text") if text is None else wrong_type(f"{where}.text", "a string", text)
            texts.append(text)
    final: Json = {"role": role, "origin": "client", "status": "completed", "interrupted": False, "heard_ms": None}
    if "audio" not in kinds:
        # What is known of audio that was put in as an item is left open.
        final |= {"text": "\n".join(texts) if texts else None, "transcript": None, "speech": None}
        final["modality"] = (kinds.pop() if len(kinds) == 1 else "mixed") if kinds else None
    return final


def _function_call(talk: Talk, told: Json) -> Json:
    for name in ("name", "call_id", "arguments"):
        if name not in told:
            raise missing(f"item.{name}")
    return {"name": told["name"], "call_id": told["call_id"], "arguments_raw": told["arguments"], "status": "completed"}


def _function_call_output(talk: Talk, told: Json) -> Json:
    for name in ("call_id", "output"):
        if name not in told:
            raise missing(f"item.{name}")
    return {"call_id": told["call_id"], "output_raw": told["output"], "output": _parsed(told["output"])}


def _approval_response(talk: Talk, told: Json) -> Json:
    for name in ("approval_request_id", "approve"):
        if name not in told:
            raise missing(f"item.{name}")
    return {"approval_request_id": told["approval_request_id"], "approve": told["approve"]}


_MEANINGS: dict[str, Callable[[Talk, Json], Json]] = {
    "message": _message,
    "function_call": _function_call,
    "function_call_output": _function_call_output,
    "mcp_approval_response": _approval_response,
}
"""Item types a client may create, and what a record of each must say."""


def _parsed(text: Any) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return None


def check_output(told: Json, bodies: dict[str, Json]) -> None:
    """Raises BadEvent for the output of a call that is not in the conversation."""
    call_id = told.get("call_id")
    if told.get("type") != "function_call_output" or call_id is None:
        return
    if not any(body.get("type") == "function_call" and body["call_id"] == call_id for body in bodies.values()):
        raise BadEvent("invalid_tool_call_id", f"Tool call ID '{call_id}' not found in conversation.", "item.call_id")
