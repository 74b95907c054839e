"""JSON Schemas from the models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from topics.catalogue import TopicSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Generator(GenerateJsonSchema):
    """Pydantic's generator, less noise: no titles that repeat names, `null` as one more type where that suffices."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        made = super().nullable_schema(schema)
        options: list[dict[str, Any]] = made.get("anyOf", [])
        match options:
            case [{"type": str(name)} as only, {"type": "null"}] if "enum" not in only and "const" not in only:
                return {**only, "type": [name, "null"]}
            case _:
                return made


def topic_schema(spec: TopicSpec) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the records of a topic that has a model."""
    assert spec.model is not None
    schema = spec.model.model_json_schema(schema_generator=Generator)
    head = {
        "$schema": DIALECT,
        "$id": f"urn:{spec.record_type.replace('.', ':')}",
        "title": schema.pop("title"),
        "description": spec.description,
    }
    schema.pop("description", None)
    return head | schema


def shared_schemas(models: Sequence[type[BaseModel]], ref_template: str) -> dict[str, Any]:
    """The schemas of all models and of what they are made of, by name, referring to each other by `ref_template`."""
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template=ref_template, schema_generator=Generator
    )
    return schema["$defs"]
