"""What TypeScript's view of the API is made of: its OpenAPI document, and the records that it passes on.

make page-types      writes src/api/schema.d.ts
"""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

import topics.models as records

PAGE = Path(__file__).parent
API = PAGE / "openapi.json"
DOCUMENT = PAGE / "build" / "document.json"
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
    """The API's document with the records' schemas beside its own, under names that start with `Record`."""
    told = json.loads(API.read_text())
    models: list[Any] = [(record, "serialization") for record in RECORDS]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/Record{model}")
    told["components"]["schemas"] |= {f"Record{name}": schema for name, schema in schemas["$defs"].items()}
    return told


if __name__ == "__main__":
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(json.dumps(document()))
