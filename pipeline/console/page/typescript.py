"""Writes `src/api/schema.d.ts`: TypeScript's view of what the API answers and of the records on the topics.

    make page-types
"""

import json
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

import topics.models as records
from topics.models import Record

RECORDS = (
    records.Message,
    records.FunctionCall,
    records.FunctionCallOutput,
    records.McpApprovalRequest,
    records.McpApprovalResponse,
    records.McpCall,
    records.McpToolList,
    records.OtherItem,
    records.Response,
)


def document() -> dict[str, Any]:
    """The API's OpenAPI document, with the records that it passes on as they are among its schemas."""
    told: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "itemstream", "version": "1"}, "paths": {}}
    models: list[tuple[type[Record], str]] = [(record, "serialization") for record in RECORDS]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # pyright: ignore
    told.setdefault("components", {}).setdefault("schemas", {}).update(schemas["$defs"])
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document()))
