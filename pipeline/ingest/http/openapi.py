"""The OpenAPI 3.1 document: its schemas come from the models that check the events."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from pipeline import __version__
from pipeline.core.step import MAX_ID
from pipeline.ingest.http.attributes import (
    HEADER_PATTERN,
    HEADERS,
    MAX_HEADER,
    MAX_TEXT,
    QUERY,
    SEQUENCE_PATTERN,
    TEXT_PATTERN,
)
from pipeline.ingest.http.models import ITEM_DONE, TYPE_PATTERN, ItemDone, ServerEvent
from pipeline.ingest.http.modes import BATCH, JSON_PATTERN, NDJSON, ONE, STRUCTURED, STRUCTURED_BATCH
from pipeline.ingest.http.problem import MEDIA_TYPE

Json = dict[str, Any]

PATH = "/v1/realtime/server-events"

EXAMPLE: Json = {
    "type": ITEM_DONE,
    "event_id": "event_001",
    "previous_item_id": "item_002",
    "item": {
        "id": "item_003",
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Your table is booked for eight."}],
    },
}
OTHER_EXAMPLE: Json = {
    "type": "response.created",
    "event_id": "event_002",
    "response": {"id": "resp_001", "status": "in_progress"},
}

_ATTRIBUTES: dict[str, tuple[str, Json, str]] = {
    "session": ("the session of the event", {}, "sess_001"),
    "sequence": (
        "its number within the connection, of a batch its first event's",
        {"type": "string", "pattern": SEQUENCE_PATTERN},
        "1",
    ),
    "time": (
        "when it was received; else the time of the request",
        {"type": "string", "format": "date-time"},
        "2026-01-31T12:00:00.000Z",
    ),
    "provider": ("`openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`, any other", {}, "openai"),
    "tenant": ("the tenant; with keys, the key's own or none", {}, "acme"),
}
_HEADER: Json = {"type": "string", "minLength": 1, "maxLength": MAX_HEADER, "pattern": HEADER_PATTERN}
_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT, "pattern": TEXT_PATTERN}

PROBLEMS = {
    400: "A field, header or parameter is wrong; `field` names it.",
    401: "No bearer key, or none that is in force.",
    403: "The key belongs to another tenant than the event.",
    408: "The body was not complete in time.",
    409: "The path (or the CloudEvent) and the event tell different types.",
    413: "The event, the batch or the body is too large.",
    415: "Another media type or encoding.",
    422: "A redaction rule could not be applied; the event was not taken.",
    429: "The tenant sends more than it may.",
    503: "Kafka has not acknowledged in time; send it again with the same `event_id`.",
}


def document(max_batch_events: int) -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "itemstream ingest",
            "version": __version__,
            "summary": "Server events of realtime sessions, into Kafka.",
            "description": "200 means that all of Kafka's in-sync replicas have the event. Whatever else comes, or "
            "nothing: send it again with the same `event_id`, a repeated event changes nothing downstream.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"bearer": []}, {}],
        "paths": {
            f"{PATH}/{ITEM_DONE}": {"post": _one(ITEM_DONE, "item_done", "A finished conversation item", EXAMPLE)},
            f"{PATH}/{{event_type}}": {"post": _one(None, "server_event", "A server event of any type", OTHER_EXAMPLE)},
            PATH: {"post": _batch(max_batch_events)},
            "/health": {"get": _health()},
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(),
        },
    }


def _schemas() -> Json:
    _, told = models_json_schema(
        [(ItemDone, "validation"), (ServerEvent, "validation")], ref_template="#/components/schemas/{model}"
    )
    schemas: Json = told["$defs"]
    # Pydantic's models of the same name where one is asked for by the type.
    schemas["BatchEvent"] = {
        "if": {"properties": {"type": {"const": ITEM_DONE}}, "required": ["type"]},
        "then": {"$ref": "#/components/schemas/ItemDone"},
        "else": {"$ref": "#/components/schemas/ServerEvent"},
    }
    schemas["Problem"] = {
        "description": "RFC 9457.",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "field": {"type": "string", "description": "What is wrong, such as `item.type`."},
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        },
    }
    schemas["Line"] = {
        "description": "What became of one event of a batch, in the batch's order: 200, or a problem's members.",
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"type": "integer"},
            "event_id": {"type": ["string", "null"]},
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "field": {"type": "string"},
        },
    }
    for name, type_, data in (
        ("StructuredItemDone", {"const": ITEM_DONE}, "ItemDone"),
        ("StructuredEvent", {"type": "string", "pattern": TYPE_PATTERN}, "ServerEvent"),
        ("StructuredBatchEvent", {"type": "string", "pattern": TYPE_PATTERN}, "BatchEvent"),
    ):
        schemas[name] = _structured(type_, {"$ref": f"#/components/schemas/{data}"})
    return schemas


def _structured(type_: Json, data: Json) -> Json:
    attributes = {
        ("sessionid" if name == "session" else QUERY[name]): {
            "description": what.capitalize(),
            "anyOf": [schema or _TEXT, {"type": "null"}],
        }
        for name, (what, schema, _) in _ATTRIBUTES.items()
    }
    return {
        "description": "A CloudEvent 1.0 in structured mode. `data` is taken as it stands, byte for byte.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "maxLength": MAX_ID},
            "source": {"type": "string", "minLength": 1},
            "type": type_,
            "datacontenttype": {"type": "string", "pattern": JSON_PATTERN},
            **attributes,
            "data": data,
        },
    }


def _one(event_type: str | None, operation: str, summary: str, example: Json) -> Json:
    names = ("ItemDone", "StructuredItemDone") if event_type else ("ServerEvent", "StructuredEvent")
    bodies = {
        media: {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": _example(media, example)}
        for media, name in zip(ONE, names, strict=True)
    }
    path: list[Json] = [
        {
            "name": "event_type",
            "in": "path",
            "required": True,
            "description": "The event's type; its body tells the same, else the answer is 409.",
            "schema": {"type": "string", "pattern": TYPE_PATTERN},
            "example": example["type"],
        }
    ]
    return {
        "operationId": operation,
        "summary": summary,
        "description": "The body is the event as the provider sent it; it is kept byte for byte.",
        "parameters": [*([] if event_type else path), *_parameters()],
        "requestBody": {"required": True, "content": bodies},
        "responses": _responses(
            {
                "type": "object",
                "required": ["type", "event_id"],
                "properties": {"type": {"type": "string"}, "event_id": {"type": ["string", "null"]}},
            },
            {"type": example["type"], "event_id": example["event_id"]},
        ),
    }


def _batch(max_events: int) -> Json:
    def many(item: str) -> Json:
        return {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": f"#/components/schemas/{item}"},
        }

    bodies: Json = {}
    for media in BATCH:
        if media == STRUCTURED_BATCH:
            bodies[media] = {
                "schema": many("StructuredBatchEvent"),
                "example": [_example(STRUCTURED, one) for one in (EXAMPLE, OTHER_EXAMPLE)],
            }
        elif media == NDJSON:
            bodies[media] = {"schema": {"type": "string", "description": "One event a line."}}
        elif media in ONE:
            bodies[media] = {"schema": many("BatchEvent"), "example": [EXAMPLE, OTHER_EXAMPLE]}
    lines: Json = {
        "type": "object",
        "required": ["lines"],
        "properties": {"lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}}},
    }
    return {
        "operationId": "server_events",
        "summary": "A batch of server events",
        "description": f"A JSON array of at most {max_events} events, or a JSON object a line, answered line by line. "
        "Where one can't be taken nothing is written. Where Kafka has not acknowledged all in time the answer is 503 "
        "and says which it has.",
        "parameters": _parameters(),
        "requestBody": {"required": True, "content": bodies},
        "responses": _responses(lines, {"lines": [{"status": 200, "event_id": "event_001"}]}),
    }


def _health() -> Json:
    schema: Json = {
        "type": "object",
        "required": ["status", "unacknowledged_bytes", "oldest_unacknowledged_seconds"],
        "properties": {
            "status": {"enum": ["ok", "stuck"]},
            "unacknowledged_bytes": {"type": "integer"},
            "oldest_unacknowledged_seconds": {"type": "number"},
        },
    }
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": "health",
        "summary": "Whether Kafka acknowledges",
        "security": [{}],
        "responses": {
            "200": {"description": "It does.", "content": content},
            "503": {"description": "Events have been waiting for too long.", "content": content},
        },
    }


def _parameters() -> list[Json]:
    return [
        {
            "name": names[attribute],
            "in": place,
            "required": False,
            "description": f"{what[:1].upper()}{what[1:]}.",
            "schema": schema or text,
            "example": example,
        }
        for place, names, text in (("header", HEADERS, _HEADER), ("query", QUERY, _TEXT))
        for attribute, (what, schema, example) in _ATTRIBUTES.items()
    ] + [
        {
            "name": "traceparent",
            "in": "header",
            "required": False,
            "description": "W3C trace context, carried to the records; one that can't be read counts as none.",
            "schema": {"type": "string"},
            "example": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        }
    ]


def _responses(ok: Json, example: Json) -> Json:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    retry = {"Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}}
    told: Json = {
        str(status): {
            "description": description,
            "content": problem,
            **({"headers": retry} if status in (429, 503) else {}),
        }
        for status, description in PROBLEMS.items()
    }
    return {
        "200": {
            "description": "Kafka has acknowledged all of it.",
            "content": {"application/json": {"schema": ok, "example": example}},
        },
        **told,
    }


def _example(media: str, event: Json) -> Json:
    if media != STRUCTURED:
        return event
    return {
        "specversion": "1.0",
        "id": event["event_id"],
        "source": "/realtime/openai/sess_001",
        "type": event["type"],
        "sessionid": "sess_001",
        "provider": "openai",
        "datacontenttype": "application/json",
        "data": event,
    }
