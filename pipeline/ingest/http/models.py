"""What an event must look like to be taken; the same models make the OpenAPI document.

As little is asked as can be: event types, item types and fields are open sets, and what is unknown passes unchanged.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.step import MAX_ID
from pipeline.core.values import MAX_DEPTH, too_deep
from pipeline.ingest.http.problem import Problem

ITEM_DONE = "conversation.item.done"
TYPE_PATTERN = r"^[A-Za-z0-9_.-]{1,200}$"

Text = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
EventType = Annotated[str, Field(pattern=TYPE_PATTERN)]


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Item(_Open):
    """A finished conversation item. Further fields are kept."""

    type: Text = Field(description="`message`, `function_call`, … any type is taken.", examples=["message"])
    id: str | None = Field(default=None, examples=["item_003"])
    object: str | None = Field(default=None, examples=["realtime.item"])
    role: str | None = Field(default=None, examples=["assistant"])
    status: str | None = Field(default=None, examples=["completed"])
    content: list[dict[str, Any]] | None = Field(default=None, description="Parts of a message.")
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = Field(default=None, description="Of a call: JSON as text.")
    output: str | list[Any] | None = None
    metadata: dict[str, Any] | None = None


class ItemDone(_Open):
    """The event `conversation.item.done`."""

    type: Literal["conversation.item.done"]
    event_id: Text = Field(examples=["event_001"])
    item: Item
    previous_item_id: str | None = Field(default=None, examples=["item_002"])


class ServerEvent(_Open):
    """A server event of any type. Fields of the type are kept as they are."""

    type: EventType = Field(examples=["response.created"])
    event_id: Annotated[str, Field(max_length=MAX_ID)] | None = Field(default=None, examples=["event_002"])


_MODELS: dict[str, type[BaseModel]] = {ITEM_DONE: ItemDone}


def check_event(value: bytes, expected_type: str | None) -> tuple[str, str | None]:
    """Type and event id of the event in `value`.

    expected_type: of the path; None where the event may be of any type.
    Raises Problem naming the first field that is wrong.
    """
    try:
        event: Any = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"the event is not JSON: {error}") from None
    if not isinstance(event, dict):
        raise Problem(400, "the event is not a JSON object")
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and too_deep(event):
        raise Problem(400, f"the event nests deeper than {MAX_DEPTH} levels")
    body = cast(dict[str, Any], event)
    type_: Any = body.get("type")
    model = _MODELS.get(expected_type or (type_ if isinstance(type_, str) else ""), ServerEvent)
    try:
        model.model_validate(body)
    except ValidationError as error:
        raise _problem(error) from None
    if expected_type is not None and type_ != expected_type:
        # Not 400: each of the two is right by itself.
        raise Problem(409, f"the path says {expected_type} and the event's type is another", field="type")
    return type_, body.get("event_id") or None


def _problem(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = ".".join(str(part) for part in first["loc"] if str(part).isidentifier() or isinstance(part, int))
    return Problem(400, f"{field}: {first['msg']}", field=field)
