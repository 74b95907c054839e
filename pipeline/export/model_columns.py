"""Arrow columns of a record model, out of its JSON Schema.

Objects and arrays of a known shape are structs and lists, times are timestamps; whatever is open (`item`,
`arguments`, `metadata`, `tools`) is a string of JSON. A value that does not fit its column is null there: it still
stands in `value`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel

from pipeline.core.values import list_or_none, object_or_none
from pipeline.export.arrow import Arrow
from pipeline.export.columns import Columns, moment
from topics.fetched_records import FetchedRecord

Schema = Mapping[str, Any]
Convert = Callable[[Any], Any]


class Column(NamedTuple):
    """A column's Arrow type, and what makes its value of a JSON value."""

    type: Any
    convert: Convert


class ModelColumns:
    """Makes Arrow columns of records whose values are of `model`. Extra keys of open objects are in `value` alone."""

    def __init__(self, arrow: Arrow, model: type[BaseModel]) -> None:
        self._pa = arrow.pa
        schema = model.model_json_schema(mode="serialization")
        self._definitions: Schema = schema.get("$defs", {})
        self._columns = {name: self._column(inner) for name, inner in schema["properties"].items()}

    def __call__(self, records: Sequence[FetchedRecord]) -> Columns:
        """The model's columns; all null for a record whose value is no JSON object."""
        objects = [_object(record.value) for record in records]
        return {
            name: self._pa.array([convert(one.get(name)) for one in objects], kind)
            for name, (kind, convert) in self._columns.items()
        }

    def _column(self, schema: Schema) -> Column:
        schema = self._resolved(schema)
        pa = self._pa
        choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(choices) == 1:
            return self._column(choices[0])
        if choices:
            return Column(pa.string(), _text_or_json)
        match schema.get("type"):
            case "string" if schema.get("format") == "date-time":
                return Column(pa.timestamp("us", tz="UTC"), _moment)
            case "string":
                return Column(pa.string(), _text_or_json)
            case "integer":
                return Column(pa.int64(), _integer)
            case "number":
                return Column(pa.float64(), _number)
            case "boolean":
                return Column(pa.bool_(), _boolean)
            case "array" if self._is_known(schema.get("items", {})):
                return self._list(self._column(schema["items"]))
            case "object" if schema.get("properties"):
                return self._struct({name: self._column(one) for name, one in schema["properties"].items()})
            case _:
                return Column(pa.string(), _json)

    def _resolved(self, schema: Schema) -> Schema:
        reference = schema.get("$ref")
        return schema if reference is None else self._definitions[reference.rpartition("/")[2]]

    def _is_known(self, schema: Schema) -> bool:
        return bool(self._resolved(schema).keys() & {"type", "anyOf", "enum"})

    def _list(self, item: Column) -> Column:
        def convert(value: Any) -> Any:
            return None if (some := list_or_none(value)) is None else [item.convert(one) for one in some]

        return Column(self._pa.list_(item.type), convert)

    def _struct(self, fields: Mapping[str, Column]) -> Column:
        def convert(value: Any) -> Any:
            if (some := object_or_none(value)) is None:
                return None
            return {name: field.convert(some.get(name)) for name, field in fields.items()}

        return Column(self._pa.struct([(name, field.type) for name, field in fields.items()]), convert)


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        return object_or_none(orjson.loads(value or b"null")) or {}
    except orjson.JSONDecodeError:
        return {}


def _json(value: Any) -> str | None:
    try:
        return None if value is None else orjson.dumps(value).decode()
    except TypeError:  # it nests deeper than orjson writes
        return None


def _text_or_json(value: Any) -> str | None:
    return value if isinstance(value, str) else _json(value)


def _moment(value: Any) -> Any:
    return moment(value) if isinstance(value, str) else None


def _integer(value: Any) -> int | None:
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None
