"""Redaction: what is taken out of events before anything leaves the process.

A rule is a JSONPath (RFC 9535), whose every match is replaced by `REDACTED`, or `module:function`, which is called with
the parsed event and gives back the event to keep (or changes it in place and gives back None). Rules are compiled once.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import jsonpath
import orjson
from jsonpath.exceptions import JSONPathError

from pipeline.errors import UsageError

REDACTED = "[redacted]"

_RFC_9535: Any = cast(Any, jsonpath).JSONPathEnvironment(strict=True)

_ESCAPE = re.compile(rb"\\(u003[aA]|.)")
"""Any escape; the first is a colon's."""

Rule = Callable[[dict[str, Any]], dict[str, Any] | None]


class RedactionFailed(Exception):
    """An event could not be redacted, so it must not leave. The message holds nothing of the event."""


class Redaction:
    """Rules, ready to be applied to one event after another."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)

    def apply(self, value: bytes) -> bytes:
        """`value`, the same bytes where no rule changed anything. Raises RedactionFailed; never lets it by.

        Rules see what a parser sees. Of members of one name that is the last; the others are left out.
        """
        try:
            event: Any = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise RedactionFailed("redaction rules are in force and the event is not JSON") from error
        if not isinstance(event, dict):
            raise RedactionFailed("redaction rules are in force and the event is not a JSON object")
        before = orjson.dumps(event)
        for rule in self._rules:
            try:
                event = _applied(rule, event)  # pyright: ignore[reportUnknownArgumentType]
            except Exception as error:
                # Its message could hold what was to be taken out.
                raise RedactionFailed(f"a redaction rule failed on the event: {type(error).__name__}") from None
        try:
            after = orjson.dumps(event)
        except (TypeError, orjson.JSONEncodeError):
            raise RedactionFailed("a redaction rule made of the event what is no JSON") from None
        return value if after == before and not _hides_members(value, before) else after


def _hides_members(value: bytes, parsed: bytes) -> bool:
    """Whether an object in `value` has a name twice; `parsed` is what a parser made of it, written anew.

    Each member has a colon, and each colon of a text is in both, `\\u003a` as one in `parsed`: `value` has more of them
    where members are missing, and only there.
    """
    escaped = sum(len(one) > 1 for one in _ESCAPE.findall(value)) if b"\\u003" in value else 0
    return value.count(b":") + escaped != parsed.count(b":")


def compile_rules(rules: Sequence[str | Rule]) -> Redaction | None:
    """The rules as one `Redaction`; None where there are none. Raises UsageError naming the rule that is wrong."""
    if not rules:
        return None
    return Redaction([_compiled(rule) if isinstance(rule, str) else rule for rule in rules])


def _applied(rule: Rule, event: dict[str, Any]) -> dict[str, Any]:
    given = rule(event)
    event = event if given is None else given
    if not isinstance(event, dict):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError
    return event


def _compiled(rule: str) -> Rule:
    return _path_rule(rule) if rule.startswith("$") else _function_rule(rule)


def _path_rule(rule: str) -> Rule:
    try:
        path: Any = _RFC_9535.compile(rule)
    except JSONPathError as error:
        raise UsageError(f"redaction rule {rule}: {str(error).splitlines()[0]}") from None
    if any(not match.parts for match in path.finditer({})):
        raise UsageError(f"redaction rule {rule}: matches the event itself; name fields of it")

    def redact(event: dict[str, Any]) -> None:
        # All found first: replacing one must not hide another below it.
        matches: list[Any] = list(path.finditer(event))
        for match in matches:
            parent: Any = match.parent.obj
            parent[match.parts[-1]] = REDACTED

    return redact


def _function_rule(rule: str) -> Rule:
    module, separator, name = rule.partition(":")
    if not separator:
        raise UsageError(f"redaction rule {rule}: neither a JSONPath such as $.item.content nor module:function")
    try:
        function: Any = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"redaction rule {rule}: can't be imported: {error}") from None
    if not callable(function):
        raise UsageError(f"redaction rule {rule}: is no function")
    return cast(Rule, function)
