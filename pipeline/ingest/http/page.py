"""The docs page, made of the OpenAPI document: one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h2 { margin-top: 3rem; border-top: 1px solid #d0d7de; padding-top: 1.5rem } code, pre { font-size: .9em }
pre { background: #f6f8fa; padding: 1rem; overflow-x: auto } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d0d7de }
.method { background: #0a6b3d; color: #fff; padding: .1rem .5rem; border-radius: .3rem; font-size: .8em }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 }
  pre { background: #161b22 } a { color: #79c0ff } }
"""


def page(document: dict[str, Any]) -> str:
    """The document for people: operations, parameters, bodies, answers, schemas."""
    info = document["info"]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{_text(info['description'])}</p>"
        "<p><a href=/openapi.json>openapi.json</a></p>"
        + "".join(
            _operation(method, path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        )
        + "".join(
            f"<h2 id='{name}'>{name}</h2>{_json(schema)}" for name, schema in document["components"]["schemas"].items()
        )
        + "</html>"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    return "".join(
        (
            f"<h2 id={operation['operationId']}><span class=method>{method.upper()}</span>",
            f" <code>{escape(path)}</code></h2>",
            f"<p><b>{_text(operation['summary'])}.</b> {_text(operation.get('description', ''))}</p>",
            _table(
                ("parameter", "in", "what it is", "example"),
                (
                    (one["name"], one["in"], one["description"], str(one["example"]))
                    for one in operation.get("parameters", ())
                ),
            ),
            *_bodies(operation.get("requestBody", {}).get("content", {})),
            "<h3>Answers</h3>",
            _table(
                ("status", "meaning"),
                ((status, answer["description"]) for status, answer in operation["responses"].items()),
            ),
        )
    )


def _bodies(content: dict[str, Any]) -> Iterator[str]:
    for media, body in content.items():
        schema = body["schema"].get("$ref") or body["schema"].get("items", {}).get("$ref", "")
        name = schema.rpartition("/")[2]
        told = f" <a href='#{name}'>{name}</a>" if name else f" {_text(body['schema'].get('description', ''))}"
        yield f"<h3><code>{escape(media)}</code>{told}</h3>"
        if "example" in body:
            yield _json(body["example"])


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows]
    if not lines:
        return ""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    return f"<table><tr>{top}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _text(text: str) -> str:
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
