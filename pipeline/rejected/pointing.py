"""The part of a rejected record that is wrong: a place in its text, or the path of a field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import orjson
from pydantic import BaseModel, ValidationError

from pipeline.core.values import MAX_DEPTH, object_or_none
from pipeline.rejected.record import Rejected

Path = tuple[str | int, ...]

LARGEST = 5
"""So many of the largest parts of a record that is too large."""


@dataclass(frozen=True, slots=True)
class InText:
    """A position in the value's text."""

    text: str
    position: int
    """In characters of `text`."""
    note: str


@dataclass(frozen=True, slots=True)
class AtPath:
    """A field of the JSON, or the place where one is missing."""

    document: Any
    path: Path
    """Of the nearest thing that is there."""
    note: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """The largest parts, with their bytes as JSON."""

    parts: list[tuple[Path, int]]


@dataclass(frozen=True, slots=True)
class Nowhere:
    """There is nothing in the record to point at; `note` says why."""

    note: str


Pointer = InText | AtPath | Sizes | Nowhere


def point_at(rejected: Rejected, model: type[BaseModel] | None = None) -> Pointer:
    """Where the record is wrong, by its reason.

    `model`: that of the topic a subscriber read; its dead letter is pointed at where it is no such record.
    """
    value = rejected.value
    if not value:
        return Nowhere("the record has no value" if "value" not in rejected.left_out else "its value was left out")
    try:
        document: Any = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        return _syntax(value, error)
    if model is not None:
        return _by_model(value, document, model)
    match rejected.reason:
        case "not_object":
            return InText(value.decode(), len(value.decode()) - len(value.decode().lstrip()), rejected.message)
        case "type_missing":
            here = ("type",) if object_or_none(document) and "type" in document else ()
            return AtPath(document, here, "`type` is to be a text" if here else "`type` is missing")
        case "item_missing" | "item_invalid":
            return _field(document, rejected.message)
        case "too_large":
            return Sizes(_largest(document))
        case _:
            return Nowhere(rejected.message or "nothing in the record says what is wrong")


def _syntax(value: bytes, error: orjson.JSONDecodeError) -> InText:
    try:
        text = value.decode()
    except UnicodeDecodeError as wrong:
        before = value[: wrong.start].decode()
        note = f"byte {wrong.start} is 0x{value[wrong.start]:02x}, which is not UTF-8 ({wrong.reason})"
        return InText(before + value[wrong.start :].decode(errors="backslashreplace"), len(before), note)
    return InText(text, min(error.pos, len(text)), error.msg)


def _by_model(value: bytes, document: Any, model: type[BaseModel]) -> Pointer:
    try:
        model.model_validate_json(value)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        path = _there(document, first["loc"])
        missing = ".".join(map(str, first["loc"][len(path) :]))
        return AtPath(document, path, f"{missing}: {first['msg']}" if missing else first["msg"])
    return Nowhere(f"it is a {model.__name__} as it should be; the handler failed on it")


def _there(document: Any, path: Path) -> Path:
    """As much of a path as leads to something."""
    found: list[str | int] = []
    node = document
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            break
        found.append(step)
    return tuple(found)


def _field(document: Any, message: str) -> Pointer:
    """The field that the core's message names in backticks, or what is nested too deep."""
    named = re.search(r"`([^`]+)`", message)
    if named is None:
        deep = _deepest(document)
        return AtPath(document, deep, message) if deep else Nowhere(message)
    wanted = next(_candidates(document, named[1]), tuple(named[1].split(".")))
    path = _there(document, wanted)
    if path != wanted:
        return AtPath(document, path, f"`{named[1]}` is missing")
    said = message.partition("`")[2].partition("`")[2].strip()
    return AtPath(document, path, said or "there is nothing in it")


def _candidates(document: Any, name: str) -> Iterator[Path]:
    """Where an event may say what the core calls by this name; only what is there."""
    if object_or_none(document) is None:
        return
    if name in document:
        yield (name,)
    for holder in {"response id": ("response",), "item_id": ("item",)}.get(name, ()):
        if "id" in (object_or_none(document.get(holder)) or {}):
            yield (holder, "id")


def _deepest(document: Any) -> Path:
    """The first thing that lies deeper than the core takes; empty where nothing does."""
    pending: list[tuple[Path, Any]] = [((), document)]
    while pending:
        path, node = pending.pop()
        if len(path) > MAX_DEPTH:
            return path
        pending += [((*path, step), below) for step, below in _below(node)]
    return ()


def _largest(document: Any) -> list[tuple[Path, int]]:
    """The largest values that are no objects or arrays, largest first."""
    sizes: list[tuple[Path, int]] = []
    pending: list[tuple[Path, Any]] = [((), document)]
    while pending:
        path, node = pending.pop()
        below = list(_below(node))
        if below:
            pending += [((*path, step), value) for step, value in below]
        else:
            sizes.append((path, len(orjson.dumps(node))))
    return sorted(sizes, key=lambda one: -one[1])[:LARGEST]


def _below(node: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(node, dict):
        yield from cast(dict[str, Any], node).items()
    elif isinstance(node, list):
        yield from enumerate(cast(list[Any], node))


def path_text(path: Path) -> str:
    """A path as one writes it: `response.output[0].id`; the middle of a very long one is left out."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    if len(steps) > 12:
        steps = [*steps[:6], f" … {len(steps) - 9} more … ", *steps[-3:]]
    return "".join(steps).removeprefix(".") or "(the whole event)"
