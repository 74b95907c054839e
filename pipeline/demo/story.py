"""A session's records as a conversation one can read: who said what, which tool was called with what, how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from rich.text import Text

Record = dict[str, Any]
"""The value of an item record or of a response record."""

_LONGEST = 110


def latest(records: Iterable[Record]) -> list[Record]:
    """The item records that hold: the highest revision of each item, in the order of the conversation.

    Each item follows its predecessor where that is known; else items stand in the order they came out.
    """
    newest: dict[str, Record] = {}
    first: dict[str, int] = {}
    for record in records:
        name = record.get("item_id")
        if name is None:
            continue
        first.setdefault(name, record["session_sequence"])
        if name not in newest or record["revision"] > newest[name]["revision"]:
            newest[name] = record
    followers: dict[str | None, list[str]] = {}
    for name in sorted(newest, key=first.__getitem__):
        before = newest[name]["previous_item_id"]
        followers.setdefault(before if before in newest else None, []).append(name)
    ordered: list[Record] = []
    pending = followers.get(None, [])[::-1]
    while pending:
        name = pending.pop()
        ordered.append(newest[name])
        pending.extend(followers.get(name, [])[::-1])
    return ordered


def tell(records: Iterable[Record]) -> Iterator[Text]:
    """The conversation, a line an item, and how long the user waited for each response."""
    all_records = list(records)
    responses = {record["response_id"]: record for record in all_records if "usage_raw" in record}
    for record in latest(all_records):
        yield _line(record)
        response = responses.get(record.get("response_id"))
        if response is not None and record["item_id"] == (response["item_ids"] or [None])[-1]:
            yield _pace(response)


def _line(record: Record) -> Text:
    who, style = _speaker(record)
    line = Text.assemble((f"{who:>10}  ", style))
    line.append(_short(_saying(record)), style="strike" if record["deleted"] else "")
    notes = list(_notes(record))
    if notes:
        line.append(f"  ({', '.join(notes)})", style="dim")
    return line


def _speaker(record: Record) -> tuple[str, str]:
    names = {
        "function_call": ("calls", "magenta"),
        "function_call_output": ("result", "magenta"),
        "mcp_call": ("calls MCP", "magenta"),
        "mcp_list_tools": ("lists", "magenta"),
        "mcp_approval_request": ("asks leave", "yellow"),
        "mcp_approval_response": ("answer", "yellow"),
    }
    if record["item_type"] == "message":
        return {"user": ("user", "bold cyan"), "assistant": ("assistant", "bold green")}.get(
            record["role"], (str(record["role"]), "bold")
        )
    return names.get(record["item_type"], ("other item", "dim"))


def _saying(record: Record) -> str:
    match record["item_type"]:
        case "message":
            return record["text"] or _untold(record)
        case "function_call" | "mcp_approval_request":
            return f"{record['name']}({_json(record['arguments'], record['arguments_raw'])})"
        case "function_call_output":
            return f"{record['name'] or 'unknown call'} → {_json(record['output'], record['output_raw'])}"
        case "mcp_call":
            result = record["error"]["message"] if record["error"] else _json(record["output"], record["output_raw"])
            called = f"{record['server_label']}.{record['name']}({_json(record['arguments'], record['arguments_raw'])})"
            return f"{called} → {record['outcome']}: {result}"
        case "mcp_list_tools":
            return f"{record['server_label']}: {', '.join(record['tool_names']) or record['outcome']}"
        case "mcp_approval_response":
            return f"{record['name']}: {'approved' if record['approve'] else 'refused'}"
        case _:
            return f"[{record['item_type']}]"


def _untold(record: Record) -> str:
    transcript = record["transcript"]
    if transcript is not None:
        return f"[spoken; transcript {transcript['state']}]"
    return f"[{record['modality'] or 'nothing said'}]"


def _notes(record: Record) -> Iterator[str]:
    speech = record.get("speech")
    if speech and None not in (speech["start_ms"], speech["end_ms"]):
        yield f"spoke {(speech['end_ms'] - speech['start_ms']) / 1000:.1f} s"
    if record.get("interrupted"):
        heard = record.get("heard_ms")
        yield "interrupted" if heard is None else f"interrupted, heard {heard / 1000:.1f} s"
    if record.get("latency_ms") is not None:
        yield f"after {record['latency_ms']:,} ms"
    if record.get("duration_ms") is not None:
        yield f"took {record['duration_ms']:,} ms"
    if record["deleted"]:
        yield "deleted"
    if record["revision"] > 1:
        yield f"revision {record['revision']}: {record['cause']}"


def _pace(response: Record) -> Text:
    timing: Record = response["timing"]
    usage: Record = response["usage"] or {}
    said: list[str] = []
    if timing["speech_end_to_first_output_ms"] is not None:
        said.append(f"first output {timing['speech_end_to_first_output_ms']:,} ms after the user stopped")
    elif timing["first_output_ms"] is not None:
        said.append(f"first output after {timing['first_output_ms']:,} ms")
    if timing["done_ms"] is not None:
        said.append(f"done after {timing['done_ms']:,} ms")
    if usage.get("total_tokens") is not None:
        said.append(f"{usage['input_tokens']} tokens in, {usage['output_tokens']} out")
    if response["status"] != "completed":
        said.append(f"{response['status']}: {response['status_reason']}")
    return Text(f"{'':>10}  └ {'; '.join(said)}", style="dim")


def _json(parsed: object, raw: str | None) -> str:
    return (raw or "") if parsed is None else orjson.dumps(parsed).decode()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
