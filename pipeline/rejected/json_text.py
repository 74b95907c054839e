"""JSON as lines for people, one of them marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from pipeline.rejected.pointing import Path

LONGEST_TEXT = 120
"""Characters of a text that are shown."""
MOST_ENTRIES = 12
"""Entries of an array or object beside the marked one that are shown."""


def marked_lines(document: Any, path: Path) -> Iterator[tuple[str, bool]]:
    """The document, a line a value, and whether the line is where the marked value begins.

    What is long is shortened; the way to the marked value is always there.
    """
    yield from _lines(document, path, "", "", True)


def _lines(node: Any, path: Path | None, indent: str, name: str, last: bool) -> Iterator[tuple[str, bool]]:
    """`path`: from here to the mark; None where the mark is elsewhere."""
    comma = "" if last else ","
    here = path == ()
    entries = _entries(node)
    if not entries:
        yield f"{indent}{name}{_scalar(node)}{comma}", here
        return
    opening, closing = ("{", "}") if isinstance(node, dict) else ("[", "]")
    if len(indent) > 80:
        yield f"{indent}{name}{opening} … {closing}{comma}", path is not None
        return
    yield f"{indent}{name}{opening}", here
    for index, (step, value) in enumerate(entries):
        to = path[1:] if path and path[0] == step else None
        if index >= MOST_ENTRIES and to is None:
            if index == MOST_ENTRIES:
                yield f"{indent}  … {len(entries)} in all", False
            continue
        label = f"{json.dumps(step, ensure_ascii=False)}: " if isinstance(step, str) else ""
        yield from _lines(value, to, indent + "  ", label, index == len(entries) - 1)
    yield f"{indent}{closing}{comma}", False


def _entries(node: Any) -> list[tuple[str | int, Any]]:
    if isinstance(node, dict):
        return list(cast(dict[str | int, Any], node).items())
    return list(enumerate(cast(list[Any], node))) if isinstance(node, list) else []


def _scalar(node: Any) -> str:
    text = json.dumps(node, ensure_ascii=False)
    if isinstance(node, str) and len(text) > LONGEST_TEXT:
        return f'{text[:LONGEST_TEXT]}…" ({len(node):,} characters)'
    return text


def excerpt(text: str, position: int, width: int = 100) -> tuple[str, int]:
    """The text around a position on one line, and the column the position has there. Control characters are shown."""
    start = max(position - width * 2 // 3, 0)
    end = min(start + width, len(text))
    before, after = _visible(text[start:position]), _visible(text[position:end])
    lead, trail = "…" if start else "", "…" if end < len(text) else ""
    return lead + before + after + trail, len(lead) + len(before)


def _visible(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
