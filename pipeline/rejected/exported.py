"""Rejected records as lines to edit: `list --json --full` writes them, `redrive --from` reads them back.

A line is also a line of an export (`session_id`, `time`, `provider`, `tenant`, `event` or `raw`), so that
`itemstream process` shows what would come of an edited file, without Kafka.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

import orjson

from pipeline.core import readable_headers
from pipeline.core.event import rfc3339
from pipeline.core.values import object_or_none, too_deep
from pipeline.errors import ItemstreamError
from pipeline.rejected.markers import Marker
from pipeline.rejected.record import Place, Rejected, header_text
from pipeline.rejected.revive import Fix

VALUES = ("event", "raw", "raw_base64")
"""Where a line's value is: a JSON object; text; bytes that are no text. One of them, or `raw` of null."""


def summary(rejected: Rejected, marker: Marker | None) -> dict[str, Any]:
    """A record for `list --json`."""
    origin = rejected.origin
    return {
        "record": str(rejected.place),
        "reason": rejected.reason,
        "message": rejected.message,
        "time": rfc3339(rejected.timestamp) if rejected.timestamp >= 0 else None,
        "session_id": rejected.session_id,
        "event_type": rejected.event_type,
        "bytes": len(rejected.value or b""),
        "original": None if origin is None else str(origin.place),
        "left_out": list(rejected.left_out),
        "redriven": None if marker is None else {"times": marker.times, "at": marker.at, "changed": marker.changed},
    }


def full(rejected: Rejected, marker: Marker | None) -> bytes:
    """A record for `list --json --full`: all of it, its value to be edited in place. One line."""
    headers = rejected.input_headers
    sequence = header_text(headers, "ce_sequence")
    line = summary(rejected, marker) | {
        "sequence": int(sequence) if sequence and sequence.isascii() and sequence.isdecimal() else None,
        "provider": header_text(headers, "ce_provider"),
        "tenant": header_text(headers, "ce_tenant"),
        "key": None if rejected.key is None else rejected.key.decode(errors="backslashreplace"),
        "headers": readable_headers(headers),
        **_value(rejected.value),
    }
    if time := header_text(headers, "ce_time"):
        line["time"] = time
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _value(value: bytes | None) -> dict[str, Any]:
    if value is None:
        return {"raw": None}
    try:
        parsed = object_or_none(orjson.loads(value))
        # What nests deeper could be read back, and then not be written.
        if parsed is not None and not too_deep(parsed):
            return {"event": orjson.Fragment(value) if b"\n" not in value else parsed}
    except orjson.JSONDecodeError:
        pass
    try:
        return {"raw": value.decode()}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(value).decode()}


def read_fixes(lines: Iterable[bytes], name: str, topic: str) -> dict[Place, Fix]:
    """The values in a file of edited lines, by record.

    Raises ItemstreamError naming the line: broken JSON, no record, no value, a record twice.
    """
    found: dict[Place, Fix] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        where = f"{name}, line {number}"
        try:
            line = object_or_none(orjson.loads(text))
        except orjson.JSONDecodeError as error:
            raise ItemstreamError(f"{where} is not JSON: {error}") from error
        if line is None or not isinstance(line.get("record"), str):
            raise ItemstreamError(f'{where} has no "record"; start from the output of `rejected list --json --full`')
        place = Place.parse(line["record"], topic)
        if place in found:
            raise ItemstreamError(f"{where}: record {place} is in the file twice; leave one of the lines")
        found[place] = _fix(line, where)
    return found


def _fix(line: dict[str, Any], where: str) -> Fix:
    given = [field for field in VALUES if field in line]
    if len(given) != 1:
        raise ItemstreamError(f"{where}: give the value in one of {', '.join(VALUES)}; there are {len(given)}")
    value: object = line[given[0]]
    match given[0], value:
        case "raw", None:
            return Fix(None)
        case "raw", str(text):
            return Fix(text.encode())
        case "raw_base64", str(text):
            try:
                return Fix(base64.b64decode(text, validate=True))
            except binascii.Error as error:
                raise ItemstreamError(f"{where}: raw_base64 is not base64: {error}") from error
        case "event", _:
            try:
                return Fix(orjson.dumps(value))
            except TypeError as error:
                raise ItemstreamError(f"{where}: the event can't be written: {error}") from error
        case _:
            raise ItemstreamError(f"{where}: {given[0]} is to be a text")


def changed_fix(rejected: Rejected, fix: Fix) -> Fix | None:
    """The fix where it says anything new; None where the line was left as it was: then the bytes stay as they are."""
    if rejected.value is None or fix.value is None:
        return fix if rejected.value != fix.value else None
    try:
        as_exported = orjson.dumps(orjson.loads(rejected.value))
    except (orjson.JSONDecodeError, TypeError):
        as_exported = rejected.value
    return fix if fix.value not in (rejected.value, as_exported) else None
