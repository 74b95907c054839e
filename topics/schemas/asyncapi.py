"""The AsyncAPI 3.0 document: what itemstream reads and writes, as one file a tool can read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from topics.catalogue import CATALOGUE, DEFAULT_PREFIX, INPUT_TOPIC, REJECTED, TopicSpec
from topics.schemas import load_example, prose
from topics.schemas.json_schema import shared_schemas

CONTRACT_VERSION = "1.0.0"
KAFKA_BINDING = "0.5.0"

Json = dict[str, Any]


def document() -> Json:
    """The whole document, as JSON."""
    topics = (INPUT_TOPIC, *CATALOGUE)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "itemstream",
            "version": CONTRACT_VERSION,
            "description": "Turns the raw server events of realtime voice and chat sessions into complete items, one "
            "Kafka topic an item type, exactly once. Read the topics with isolation level `read_committed`.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrapServer}",
                "protocol": "kafka",
                "description": "The Kafka cluster that holds the topics.",
                "variables": {"bootstrapServer": {"default": "127.0.0.1:9092"}},
            }
        },
        "channels": {_id(spec): _channel(spec) for spec in topics},
        "operations": {_operation_id(spec): _operation(spec) for spec in topics},
        "components": {
            "messages": {_message_id(spec): _message(spec) for spec in topics},
            "schemas": _payload_schemas(),
            "parameters": {
                "prefix": {"description": "Prefix of the output topics (`--prefix`).", "default": DEFAULT_PREFIX}
            },
        },
    }


def _id(spec: TopicSpec) -> str:
    return spec.name.replace("-", "_").replace(".", "_")


def _operation_id(spec: TopicSpec) -> str:
    return f"{'receive' if spec is INPUT_TOPIC else 'send'}_{_id(spec)}"


def _message_id(spec: TopicSpec) -> str:
    return spec.model.__name__ if spec.model is not None else "Rejected" if spec is REJECTED else "ServerEvent"


def _channel(spec: TopicSpec) -> Json:
    name = _message_id(spec)
    settings: Json = {"cleanup.policy": [spec.cleanup_policy]}
    if spec.retention_ms is not None:
        settings["retention.ms"] = spec.retention_ms
    if spec.max_message_bytes is not None:
        settings["max.message.bytes"] = spec.max_message_bytes
    channel: Json = {
        "address": spec.full_name("{prefix}"),
        "title": spec.name,
        "description": spec.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "partitions": spec.partitions,
                "topicConfiguration": settings,
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }
    if not spec.fixed_name:
        channel["parameters"] = {"prefix": {"$ref": "#/components/parameters/prefix"}}
    return channel


def _operation(spec: TopicSpec) -> Json:
    channel = f"#/channels/{_id(spec)}"
    operation: Json = {
        "action": "receive" if spec is INPUT_TOPIC else "send",
        "channel": {"$ref": channel},
        "summary": prose.ONCE.get(spec.name, prose.FIRST_REVISION),
        "messages": [{"$ref": f"{channel}/messages/{_message_id(spec)}"}],
    }
    if spec is INPUT_TOPIC:
        group = {"type": "string", "default": "itemstream", "description": "The worker group (`--group`)."}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": KAFKA_BINDING}}
    return operation


def _message(spec: TopicSpec) -> Json:
    message: Json = {
        "name": spec.record_type or "server_event",
        "title": _message_id(spec),
        "summary": spec.description,
        "headers": _headers(spec),
        "payload": _payload(spec),
        "bindings": {
            "kafka": {"key": {"type": ["string", "null"], "description": spec.key}, "bindingVersion": KAFKA_BINDING}
        },
    }
    if spec is REJECTED:
        message["contentType"] = "application/octet-stream"
    if spec.model is not None:
        message["examples"] = [{"name": spec.name, "payload": load_example(spec)}]
    return message


def _payload(spec: TopicSpec) -> Json:
    if spec.model is not None:
        return {"$ref": f"#/components/schemas/{spec.model.__name__}"}
    if spec is REJECTED:
        return {"description": "The input record's value, its bytes unchanged; it need not be JSON, and may be null."}
    return {
        "type": "object",
        "description": "A server event, the provider's JSON unchanged.",
        "required": ["type"],
        "properties": {
            "type": {"type": "string", "description": "The event's type.", "examples": ["conversation.item.done"]},
            "event_id": {"type": ["string", "null"], "description": "The event's id."},
        },
    }


def _headers(spec: TopicSpec) -> Json:
    headers = {INPUT_TOPIC: prose.INPUT_HEADERS, REJECTED: prose.REJECTED_HEADERS}.get(spec, prose.OUTPUT_HEADERS)
    schema = _header_schema(headers)
    if spec.model is not None:
        schema["properties"]["ce_type"]["const"] = spec.record_type
    if spec is REJECTED:
        schema["properties"]["itemstream-reject-reason"]["enum"] = list(prose.REJECT_REASONS)
        schema["description"] = "The input record's headers, unchanged, and these."
    return schema


def _header_schema(headers: Iterable[prose.Header]) -> Json:
    known = tuple(headers)
    return {
        "type": "object",
        "required": [header.name for header in known if header.always],
        "properties": {
            header.name: {"description": header.text}
            if header.binary
            else {"type": "string", "description": header.text}
            for header in known
        },
    }


def _payload_schemas() -> Json:
    models = [spec.model for spec in CATALOGUE if spec.model is not None]
    return cast(Json, _no_ref_siblings(shared_schemas(models, "#/components/schemas/{model}")))


def _no_ref_siblings(schema: Any) -> Any:
    """AsyncAPI's schemas are of draft 7, which ignores what stands beside a `$ref`: put it into an `allOf`."""
    if isinstance(schema, dict):
        walked = {key: _no_ref_siblings(value) for key, value in cast(Json, schema).items()}
        if "$ref" in walked and len(walked) > 1:
            return {"allOf": [{"$ref": walked.pop("$ref")}], **walked}
        return walked
    if isinstance(schema, list):
        return [_no_ref_siblings(entry) for entry in cast(list[Any], schema)]
    return schema
