"""What the store must hold of the records on the topics, worked out in the plainest way; and what it does hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import select, text

from pipeline.console.store.schema import (
    calls,
    entries,
    positions,
    records,
    reject_counts,
    rejected,
    session_tools,
    sessions,
    texts,
    topics,
    usage,
)
from pipeline.console.store.store import Store
from pipeline.rejected.record import rejected_record

SUMS = ("input_tokens", "output_tokens", "total_tokens")
TOKENS = (*SUMS, "cached_tokens", "input_audio_tokens", "cached_audio_tokens", "output_audio_tokens")

_PLACE = ("partition", "offset", "value")

Key = tuple[str, str, str]


def expected(fetched: Iterable[Any], prefix: str, erased: Collection[str] = ()) -> dict[str, Any]:
    """Of all records that are on the topics, each taken once."""
    held: dict[tuple[Key, int], Any] = {}
    unusable: list[Any] = []
    for record in fetched:
        if record.topic == f"{prefix}.rejected":
            if rejected_record(record).session_id not in erased:
                unusable.append(record)
            continue
        if record.topic == f"{prefix}.erased" or record.key.decode() in erased:
            continue
        value = orjson.loads(record.value)
        kind = "response" if record.topic.endswith(".responses") else "item"
        name = value["response_id"] if kind == "response" else value["item_id"]
        held.setdefault(((record.key.decode(), kind, name or value["id"]), value.get("revision", 1)), record)
    latest: dict[Key, int] = {}
    for key, revision in held:
        latest[key] = max(revision, latest.get(key, 0))
    return {
        "records": {
            (*key, revision): (one.topic, one.partition, one.offset, one.value) for (key, revision), one in held.items()
        },
        "latest": latest,
        **_sums({key: held[key, revision] for key, revision in latest.items()}, prefix),
        "rejected": sorted((one.partition, one.offset, rejected_record(one).reason) for one in unusable),
        "reasons": dict(Counter(rejected_record(one).reason for one in unusable)),
    }


def _sums(latest: dict[Key, Any], prefix: str) -> dict[str, Any]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    used: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    tools: Counter[tuple[str, str]] = Counter()
    seen: dict[tuple[str, str], tuple[Any, ...]] = {}
    for (session, kind, _), record in latest.items():
        value, count = orjson.loads(record.value), counts[session]
        topic = record.topic.removeprefix(f"{prefix}.")
        count["responses" if kind == "response" else "items"] += 1
        if topic == "items.messages":
            count["messages"] += 1
            count["interrupted"] += value["interrupted"]
            count["failed_transcripts"] += (value["transcript"] or {}).get("state") == "failed"
        elif topic in ("items.function-calls", "items.mcp-calls"):
            failed = value.get("outcome") == "failed" or "arguments_not_json" in value["warnings"]
            count["tool_calls"] += 1
            count["tool_failures"] += failed
            if value["name"]:
                tools[session, value["name"]] += 1
            seen[session, value["item_id"]] = (topic, value.get("server_label"), value["name"], failed)
        elif kind == "response":
            count["failed_responses"] += value["status"] == "failed"
            tokens = {name: (value["usage"] or {}).get(name) or 0 for name in TOKENS}
            count.update({name: tokens[name] for name in SUMS})
            hour = value["source"]["received_at"][:13]
            used[hour, value["provider"] or "", value["tenant"] or "", value["model"] or ""].update(
                responses=1, **tokens
            )
    return {
        "counts": {
            session: {name: number for name, number in count.items() if number} for session, count in counts.items()
        },
        "usage": {key: {name: number for name, number in sums.items() if number} for key, sums in used.items()},
        "tools": dict(tools),
        "calls": seen,
    }


def _not_zero(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in numbers.items() if number}


def contents(store: Store) -> dict[str, Any]:
    """The same of what is in the store; and the tables that must agree with each other do."""
    with store.reading() as connection:
        names = {row.sid: row.session_id for row in connection.execute(select(sessions.c.sid, sessions.c.session_id))}
        topic = {row.topic: row.name for row in connection.execute(select(topics))}
        standing = connection.execute(select(entries)).mappings().all()
        key = {row["id"]: (names[row["sid"]], ("item", "response")[row["kind"]], row["name"]) for row in standing}
        held = connection.execute(select(records)).mappings().all()
        number = Counter(row["entry"] for row in held)
        by_id = {row["id"]: row for row in held}
        assert all(row["revisions"] == number[row["id"]] for row in standing)
        assert all(by_id[row["record"]]["revision"] == row["revision"] for row in standing)
        assert {row.id for row in connection.execute(select(texts.c.id))} <= key.keys()
        zero = {"records", "first_at", "last_at", "preview_rank", "model_at", "conversation_at", "provider_session_at"}
        found = {
            "records": {
                (*key[row["entry"]], row["revision"]): (
                    topic[row["topic"]],
                    row["partition"],
                    row["offset"],
                    row["value"],
                )
                for row in held
            },
            "latest": {key[row["id"]]: row["revision"] for row in standing},
            "counts": {
                row["session_id"]: {
                    name: value
                    for name, value in row.items()
                    if type(value) is int and value and name != "sid" and name not in zero
                }
                for row in connection.execute(select(sessions)).mappings()
            },
            "usage": {
                (_hour(row["hour"]), row["provider"], row["tenant"], row["model"]): {
                    name: row[name] for name in ("responses", *TOKENS) if row[name]
                }
                for row in connection.execute(select(usage)).mappings()
            },
            "tools": {(names[row.sid], row.tool): row.calls for row in connection.execute(select(session_tools))},
            "calls": {
                (names[row.sid], row.item): (
                    "items.mcp-calls" if row.kind else "items.function-calls",
                    row.server_label,
                    row.name,
                    row.failed,
                )
                for row in connection.execute(select(calls))
                if row.seen
            },
            "rejected": sorted((row.partition, row.offset, row.reason) for row in connection.execute(select(rejected))),
            "reasons": {row.reason: row[1] for row in connection.execute(select(reject_counts))},
        }
    if store.dialect.name == "sqlite":
        with store.writing() as connection:
            # Whether the words of the search are those of the texts: an error where not.
            connection.execute(text("INSERT INTO search(search, rank) VALUES ('integrity-check', 1)"))
    return found


def _hour(ms: int) -> str:
    from pipeline.core.event import rfc3339

    return rfc3339(ms)[:13]


def whole(store: Store) -> dict[str, Any]:
    """Every table, by what rows are of and not by their numbers: equal where the order of reading does not matter."""
    found = contents(store)
    with store.reading() as connection:
        rows = connection.execute(select(sessions)).mappings().all()
        names = {row["sid"]: row["session_id"] for row in rows}
        found["sessions"] = {row["session_id"]: {**row, "sid": None} for row in rows}
        found["entries"] = {
            (names[row["sid"]], row["kind"], row["name"]): {**row, "sid": None, "id": None, "record": None}
            for row in connection.execute(select(entries)).mappings()
        }
        found["calls"] = {
            (names[row["sid"]], row["item"]): {**row, "sid": None}
            for row in connection.execute(select(calls)).mappings()
        }
        found["texts"] = sorted((names[row.sid], row.body) for row in connection.execute(select(texts)))
        found["session_tools"] = sorted((names[row.sid], *row[1:]) for row in connection.execute(select(session_tools)))
    return found


def read_up_to(store: Store) -> dict[tuple[str, int], int]:
    """The next offset of each partition."""
    with store.reading() as connection:
        topic = {row.topic: row.name for row in connection.execute(select(topics))}
        return {(topic[row.topic], row.partition): row.next for row in connection.execute(select(positions))}
