"""Would a change of the schemas break a reader of the published version?

A reader holds the published schema; records come by the new one. Every record that the new schema allows has to be one
that the published schema allows, and no field may go. So: fields may be added, sets may shrink, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

Json = dict[str, Any]
Kind = Literal[
    "topic_removed",
    "field_removed",
    "no_longer_required",
    "type_changed",
    "value_added",
    "set_opened",
    "set_closed",
    "constraint_changed",
    "additions_forbidden",
]

# What does not change which records are valid.
_PROSE = frozenset({"title", "description", "examples", "default", "$comment", "deprecated", "$schema", "$id"})
# What is compared by rules of its own.
_STRUCTURE = frozenset(
    {"type", "anyOf", "$ref", "$defs", "properties", "required", "items", "enum", "const", "additionalProperties"}
)
_LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_ANY = "any"


class Break(NamedTuple):
    """One way in which a reader of the published version would break."""

    where: str
    """Schema and path of the field, as `items.messages: transcript.state`."""
    kind: Kind
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.detail} ({self.kind})"


def breaks(published: Mapping[str, Json], now: Mapping[str, Json]) -> list[Break]:
    """Everything in the schemas `now` that would break a reader of `published`; both by topic name."""
    found: list[Break] = []
    for name, old in published.items():
        if name not in now:
            found.append(Break(name, "topic_removed", "the topic has no schema any more"))
            continue
        found += _Comparison(name, old, now[name]).run()
    return found


class _Comparison:
    def __init__(self, topic: str, old: Json, new: Json) -> None:
        self.topic, self.old, self.new = topic, old, new
        self._seen: set[tuple[int, int]] = set()

    def run(self) -> Iterator[Break]:
        yield from self._compare("", self.old, self.new)

    def _compare(self, path: str, old: Json, new: Json) -> Iterator[Break]:
        before, after = _by_type(self.old, old), _by_type(self.new, new)
        if before.keys() != after.keys():
            detail = f"was {_names(before)}, is {_names(after)}"
            yield Break(self._where(path), "type_changed", detail)
        for name in before.keys() & after.keys():
            yield from self._values(path, before[name], after[name])
            yield from self._constraints(path, before[name], after[name])
            if name == "object":
                yield from self._fields(path, before[name], after[name])
            if name == "array":
                yield from self._compare(f"{path}[]", before[name].get("items", {}), after[name].get("items", {}))

    def _values(self, path: str, old: Json, new: Json) -> Iterator[Break]:
        before, after = _value_set(old), _value_set(new)
        if before is not None and after is None:
            yield Break(self._where(path), "set_opened", f"was one of {before}, is any value")
        elif before is None and after is not None:
            yield Break(self._where(path), "set_closed", f"was any value, is one of {after}")
        elif before is not None and after is not None:
            for value in after:
                if value not in before:
                    yield Break(self._where(path), "value_added", f"new value {value!r} in a closed set")

    def _constraints(self, path: str, old: Json, new: Json) -> Iterator[Break]:
        for key in sorted((old.keys() | new.keys()) - _PROSE - _STRUCTURE):
            before, after = old.get(key), new.get(key)
            tighter = before is None or (after is not None and _tighter(key, before, after))
            bound = key in _LOWER_BOUNDS | _UPPER_BOUNDS
            if before != after and not (bound and tighter):
                yield Break(self._where(path), "constraint_changed", f"{key} was {before!r}, is {after!r}")

    def _fields(self, path: str, old: Json, new: Json) -> Iterator[Break]:
        pair = (id(old), id(new))
        if pair in self._seen:
            return  # each pair of definitions once, also where they refer to themselves
        self._seen.add(pair)
        before: dict[str, Json] = old.get("properties", {})
        after: dict[str, Json] = new.get("properties", {})
        for name, schema in before.items():
            inner = _below(path, name)
            if name not in after:
                yield Break(self._where(inner), "field_removed", "the field is gone")
                continue
            if name in old.get("required", ()) and name not in new.get("required", ()):
                yield Break(
                    self._where(inner), "no_longer_required", "the field was always there, now it may be absent"
                )
            yield from self._compare(inner, schema, after[name])
        extra_before, extra_after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if extra_after is False and extra_before is not False:
            yield Break(self._where(path), "additions_forbidden", "a field added later would be refused")
        elif isinstance(extra_before, dict) and extra_after is not False:
            other = cast(Json, extra_after) if isinstance(extra_after, dict) else {}
            yield from self._compare(_below(path, "*"), cast(Json, extra_before), other)

    def _where(self, path: str) -> str:
        return f"{self.topic}: {path or '(record)'}"


def _by_type(root: Json, schema: Json) -> dict[str, Json]:
    """The schema's branches by JSON type: what it says of strings, of objects, …; `any` where it names no type."""
    if "$ref" in schema:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        return _by_type(root, cast(Json, target))
    if "anyOf" in schema:
        merged: dict[str, Json] = {}
        for option in cast(list[Json], schema["anyOf"]):
            merged |= _by_type(root, option)
        return merged
    types: str | list[str] | None = schema.get("type")
    if types is None:
        return {_ANY: schema}
    return dict.fromkeys([types] if isinstance(types, str) else types, schema)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _value_set(schema: Json) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")


def _tighter(key: str, before: float, after: float) -> bool:
    return after >= before if key in _LOWER_BOUNDS else after <= before


def _names(branches: Mapping[str, Json]) -> str:
    return " or ".join(sorted(branches))
