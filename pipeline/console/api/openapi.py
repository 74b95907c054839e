"""The OpenAPI document: FastAPI's, with errors as they are answered.

`make console-openapi` writes it to a file, of which the page's types are made; a test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from pipeline.console.models import (
    Entry,
    Job,
    Model,
    Pipeline,
    RejectedCount,
    SessionSummary,
)
from pipeline.console.models import (
    Problem as ProblemModel,
)
from pipeline.ingest.http.problem import MEDIA_TYPE

PROBLEMS = {
    "400": "The request can't be read.",
    "401": "Somebody unknown: no token, no session, or none that is in force.",
    "403": "Not with this role, or without the page's own token (header X-CSRF-Token).",
    "404": "There is no such thing.",
    "409": "Not as things stand now.",
    "421": "The console does not answer to this host name.",
    "422": "A parameter or the body is wrong.",
    "503": "Kafka or the store is not there, or refuses.",
}
FILE = Path(__file__).parents[1] / "page" / "openapi.json"
OPEN = frozenset({"/live", "/ready"})
TOLD: tuple[type[Model], ...] = (SessionSummary, Entry, RejectedCount, Job, Pipeline, ProblemModel)
"""Models that no route answers with: events of the stream, and errors."""

DESCRIPTION = """Conversations, calls and dead letters of a deployment of itemstream.

Who asks is told by a bearer token, a session cookie (`POST /api/login`) or a reverse proxy's header; a console on
loopback may need none. Every POST but the login needs the header `X-CSRF-Token`, with `csrf_token` of `GET /api/me`.
Errors are RFC 9457 problem details."""


def describe(app: FastAPI) -> None:
    """Has the application tell of itself as it is."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def written(app: FastAPI) -> bytes:
    """The document as it is kept: without the release, which changes more often."""
    told = app.openapi()
    told = told | {"info": told["info"] | {"version": "1"}}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _document(app: FastAPI) -> dict[str, Any]:
    told = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    schemas: dict[str, Any] = told["components"]["schemas"]
    for model in TOLD:
        schema = model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {}) | {model.__name__: schema}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{ProblemModel.__name__}"}}}
    for path, operations in told["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            problems = {"421": PROBLEMS["421"]} if path in OPEN else PROBLEMS
            for status, description in problems.items():
                operation["responses"][status] = {"description": description, "content": problem}
    return told


if __name__ == "__main__":
    from pipeline.console.api.app import build_app

    FILE.write_bytes(written(build_app(None)))
