"""A record as a line one can read: who said what, which tool was called with what, how fast it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from rich.text import Text

from pipeline.core import Output

Record = dict[str, Any]
"""The value of an item record or of a response record."""

LONGEST = 110
"""Characters of what is said that fit on a line beside the rest."""


def item_line(record: Record, longest: int | None = LONGEST) -> Text:
    """An item on a line: who, what, and what else is worth knowing.

    longest: characters of what is said that are shown; None: all.
    """
    who, style = _speaker(record)
    line = Text.assemble((f"{who:>10}  ", style))
    line.append(_short(_saying(record), longest), style="strike" if record["deleted"] else "")
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


def pace_line(response: Record) -> Text:
    """How long the user waited for a response, and what it cost."""
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


def _short(text: str, longest: int | None) -> str:
    line = printable(" ".join(text.split()))
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"


def printable(text: str) -> str:
    """Words of strangers on one line, with nothing in them that a terminal would obey."""
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)


def describe_output(output: Output) -> Text:
    """A record that the core brought out, on a line: its topic, what it is, what it says."""
    record: Record = orjson.loads(output.value or b"null")
    if "usage_raw" in record:
        return Text.assemble((f"{output.topic}  ", "dim"), f"{record['response_id']} {record['status']}")
    line = Text.assemble((f"{output.topic}  ", "dim"), f"{record['item_id']} revision {record['revision']}")
    return line.append(item_line(record))
