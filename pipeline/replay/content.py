"""What of two records is compared: the one that is there, and the one that came out again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import orjson

from pipeline.core.values import object_or_none
from topics.catalogue import CATALOGUE, REJECTED, RESPONSES
from topics.dead_letters import origin_of

NOT_CONTENT = frozenset(
    {
        "id",
        "revision",
        "cause",
        "session_sequence",
        "source",
        "done_at",
        # The session's rather than the item's: filled in as known at the time.
        "conversation_id",
        "provider_session_id",
        "model",
        "declared",
    }
)
"""Fields of an item's record that never make a revision of it."""

NOT_CONTENT_OF_RESPONSE = frozenset({"id", "session_sequence", "source"})

MISSING = "(missing)"

Fields = dict[str, Any]
Headers = list[tuple[str, bytes | None]]

ITEM, _RESPONSES, _REJECTED = "item", "response", "rejected"


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it is compared."""

    chain: str
    """What it is a revision of: the item of a session, a response, an input record."""
    kind: str
    session: str | None
    revision: int
    sequence: int
    digest: bytes
    """Of its content."""


class Topics:
    """The output topics of a prefix by their full names."""

    def __init__(self, prefix: str) -> None:
        self.names: Mapping[str, str] = {spec.full_name(prefix): spec.name for spec in CATALOGUE}
        self._rejected = REJECTED.full_name(prefix)
        self._responses = RESPONSES.full_name(prefix)

    def row(self, topic: str, value: bytes | None, headers: Headers) -> Row:
        """A record of one of them, read."""
        fields = self.content(topic, value, headers)
        digest = blake2b(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
        if topic == self._rejected:
            origin = origin_of(headers)
            place = "?" if origin is None else f"{origin.partition}:{origin.offset}"
            return Row(f"{_REJECTED}\x1f{place}", _REJECTED, None, 1, 0, digest)
        told: Fields = orjson.loads(value or b"{}")
        session = told["session_id"]
        kind, name = (_RESPONSES, told["response_id"]) if topic == self._responses else (ITEM, told["item_id"])
        # One without an id is known by that of its record.
        chain = f"{kind}\x1f{'' if session is None else 's' + session}\x1f{told['id'] if name is None else name}"
        return Row(chain, kind, session, told.get("revision", 1), told["session_sequence"], digest)

    def content(self, topic: str, value: bytes | None, headers: Headers) -> Fields:
        """What of a record makes a difference; `topic`, without its prefix, is part of it."""
        if topic == self._rejected:
            told = dict(headers)
            reason = (told.get("itemstream-reject-reason") or b"").decode(errors="replace")
            return {"topic": self.names[topic], "reason": reason}
        fields: Fields = cast(Fields, orjson.loads(value or b"{}"))
        left_out = NOT_CONTENT_OF_RESPONSE if topic == self._responses else NOT_CONTENT
        content: Fields = {"topic": self.names[topic]}
        content |= {name: field for name, field in fields.items() if name not in left_out}
        transcript: Fields | None = object_or_none(content.get("transcript"))
        if transcript is not None and transcript.get("state") == "pending":
            content["transcript"] = transcript | {"state": "disabled"}
        return content


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ: path, value before, value after."""
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast(Fields, before), cast(Fields, after)
        for name in dict.fromkeys([*old, *new]):
            inner = f"{path}.{name}" if path else name
            yield from differences(old.get(name, MISSING), new.get(name, MISSING), inner)
    elif isinstance(before, list) and isinstance(after, list):
        olds, news = cast(list[Any], before), cast(list[Any], after)
        if len(olds) == len(news):
            for index, (one, other) in enumerate(zip(olds, news, strict=True)):
                yield from differences(one, other, f"{path}.{index}")
        else:
            yield path, olds, news
    elif _differ(before, after):
        yield path, before, after


def _differ(before: Any, after: Any) -> bool:
    # To Python 1, 1.0 and true are the same.
    return type(before) is not type(after) or before != after
