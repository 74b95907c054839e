"""JSON values as they come: of any type, wherever the contract says text, number, object or array."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson

MAX_DEPTH = 100
"""How deep an event may nest: readers' JSON parsers stop at 200 and less, and a record nests its item once more."""


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether `value` nests deeper than `limit` levels of objects and arrays."""
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    for _ in range(limit + 1):
        if not level:
            break
        # Most values are neither: they are passed over in one go, however wide a level is.
        nodes: list[Any] = [node.values() if isinstance(node, dict) else node for node in level]
        level = [below for node in nodes for below in node if isinstance(below, (dict, list))]
    return bool(level)


def text_or_none(value: Any) -> str | None:
    """`value` where it is a text, else None: providers' optional fields may be null, absent or of another type."""
    return value if isinstance(value, str) else None


def int_or_none(value: Any) -> int | None:
    """`value` where it is a whole number, else None. A bool is none."""
    if type(value) is int:
        return value
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else None


_join = b"".join


def shrunk(data: bytes) -> bytes:
    """What orjson gave, to keep: it holds on to the 5 KiB it was written into, a copy does not."""
    return _join((data, b""))


def kept_json(value: Any) -> bytes:
    """`value` as JSON to keep."""
    return shrunk(orjson.dumps(value))


def digest(data: bytes) -> int:
    """64 bits that stand for `data`."""
    return int.from_bytes(blake2b(data, digest_size=8).digest())


def object_or_none(value: Any) -> dict[str, Any] | None:
    """`value` where it is a JSON object, else None."""
    return value if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType]


def list_or_none(value: Any) -> list[Any] | None:
    """`value` where it is a JSON array, else None."""
    return value if isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType]
