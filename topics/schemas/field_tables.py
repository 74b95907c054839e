"""Tables of fields for the docs, from a JSON Schema: name, type, meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

Json = dict[str, Any]


def field_table(properties: Mapping[str, Json], required: Iterable[str]) -> str:
    """A Markdown table of these properties, in their order."""
    always = set(required)
    rows = [
        (f"`{name}`", type_text(schema) + ("" if name in always else ", may be absent"), meaning(schema))
        for name, schema in properties.items()
    ]
    return table(("field", "type", "meaning"), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def type_text(schema: Json) -> str:
    """A type for people: `string or null`, `list of Part`, `one of …`."""
    if "anyOf" in schema:
        return _either(type_text(option) for option in cast(list[Json], schema["anyOf"]))
    if "$ref" in schema:
        name = ref_name(schema)
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    types: str | list[str] | None = schema.get("type")
    if types is None:
        return "any JSON"
    return _either(_one(name, schema) for name in ([types] if isinstance(types, str) else types))


def meaning(schema: Json) -> str:
    """A field's description, with an example where there is one."""
    return str(schema.get("description", ""))


def ref_name(schema: Json) -> str:
    """The name a `$ref` points to."""
    return str(schema["$ref"]).rpartition("/")[2]


def referred(schema: Any) -> Iterable[str]:
    """The names of all definitions that a schema refers to, in order, each as often as it does."""
    if isinstance(schema, dict):
        node = cast(Json, schema)
        if "$ref" in node:
            yield ref_name(node)
        for key, value in node.items():
            if key != "$defs":
                yield from referred(value)
    elif isinstance(schema, list):
        for value in cast(list[Any], schema):
            yield from referred(value)


def _one(name: str, schema: Json) -> str:
    match name:
        case "array":
            items: Json = schema.get("items", {})
            return "list of " + ({"string": "strings"}.get(str(items.get("type")), type_text(items)))
        case "string" if schema.get("format") == "date-time":
            return "RFC 3339 time"
        case "integer" if "minimum" in schema:
            return f"integer ≥ {schema['minimum']}"
        case _:
            return name


def _either(options: Iterable[str]) -> str:
    return " or ".join(options)
