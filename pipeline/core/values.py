"""JSON values as they come: of any type, wherever the contract says text, number, object or array."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, cast

MAX_DEPTH = 100
"""How deep an event may nest: readers' JSON parsers stop at 200 and less, and a record nests its item once more."""


def too_deep(value: object, limit: int = MAX_DEPTH) -> bool:
    """Whether `value` nests deeper than `limit` levels of objects and arrays."""
    level: list[object] = [value]
    for _ in range(limit + 1):
        below: list[object] = []
        for node in level:
            if isinstance(node, dict):
                below.extend(cast(dict[str, object], node).values())
            elif isinstance(node, list):
                below.extend(cast(list[object], node))
        if not below:
            return False
        level = [node for node in below if isinstance(node, (dict, list))]
        if not level:
            return False
    return True


def text_or_none(value: object) -> str | None:
    """`value` where it is a text, else None: providers' optional fields may be null, absent or of another type."""
    return value if isinstance(value, str) else None


def int_or_none(value: object) -> int | None:
    """`value` where it is a whole number, else None. A bool is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**63 else None


def digest(data: bytes) -> int:
    """64 bits that stand for `data`."""
    return int.from_bytes(blake2b(data, digest_size=8).digest())


def object_or_none(value: object) -> dict[str, Any] | None:
    """`value` where it is a JSON object, else None."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def list_or_none(value: object) -> list[Any] | None:
    """`value` where it is a JSON array, else None."""
    return cast(list[Any], value) if isinstance(value, list) else None
