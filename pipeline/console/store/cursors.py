"""Where a list goes on: opaque to those who ask, and checked when it comes back."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import orjson

from pipeline.console.queries import BadCursorError


def write_cursor(*numbers: int) -> str:
    """The numbers as one word."""
    return urlsafe_b64encode(orjson.dumps(numbers)).decode().rstrip("=")


def read_cursor(cursor: str, count: int) -> list[int]:
    """The numbers of a cursor. Raises BadCursorError where it is none of so many."""
    try:
        numbers: object = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        numbers = None
    if not isinstance(numbers, list) or len(numbers) != count:  # pyright: ignore[reportUnknownArgumentType]
        raise BadCursorError("cursor is none that this list gave; leave it out to begin at the beginning")
    found = [one for one in numbers if isinstance(one, int) and abs(one) < 2**63]  # pyright: ignore
    if len(found) != count:
        raise BadCursorError("cursor is none that this list gave; leave it out to begin at the beginning")
    return found
