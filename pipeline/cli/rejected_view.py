"""How `itemstream rejected` prints: tables and marks on a terminal, plain lines into a pipe, data for `--json`."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.core import Output, readable_headers
from pipeline.core.event import rfc3339
from pipeline.rejected.json_text import excerpt, marked_lines
from pipeline.rejected.markers import Marker
from pipeline.rejected.pointing import AtPath, InText, Nowhere, Pointer, Sizes, path_text
from pipeline.rejected.preview import Previewed
from pipeline.rejected.record import Rejected
from pipeline.rejected.redrive import Report
from pipeline.tail.lines import describe_output

_HEAD = ("record", "time", "reason", "session", "event", "what is wrong", "redriven")
_MESSAGE = 100


def console() -> Console:
    """Standard output: colours on a terminal, plain and as wide as needed elsewhere."""
    out = Console(highlight=False, soft_wrap=True)
    return out if out.is_terminal else Console(highlight=False, no_color=True, soft_wrap=True, width=10_000)


def print_rows(rows: Iterable[tuple[Rejected, Marker | None]]) -> Counter[str]:
    """The records as a table, or as tab-separated lines; returns how many there are of each reason."""
    counts: Counter[str] = Counter()
    table = Table(box=None, pad_edge=False)
    for name in _HEAD:
        table.add_column(name, overflow="fold", no_wrap=name == "record")
    for rejected, marker in rows:
        counts[rejected.reason] += 1
        cells = _cells(rejected, marker)
        if sys.stdout.isatty():
            table.add_row(*map(Text, cells))
        else:
            print("\t".join(cells))
    if sys.stdout.isatty() and counts:
        Console().print(table)
    return counts


def _cells(rejected: Rejected, marker: Marker | None) -> tuple[str, ...]:
    message = " ".join(rejected.message.split())
    return (
        f"{rejected.place.partition}:{rejected.place.offset}",
        rfc3339(rejected.timestamp) if rejected.timestamp >= 0 else "-",
        rejected.reason,
        _plain(rejected.session_id),
        _plain(rejected.event_type),
        message if len(message) <= _MESSAGE else message[: _MESSAGE - 1] + "…",
        "-" if marker is None else marker.at,
    )


def _plain(text: str | None) -> str:
    # A session id or type of someone else's may hold anything, tabs and terminal codes too.
    return "-" if text is None else "".join(one if one.isprintable() else "�" for one in text)[:80]


def print_counts(counts: Counter[str]) -> None:
    """How many there are of each reason, the most first."""
    for reason, count in counts.most_common():
        print(f"{count:>10,}  {reason}")
    print(f"{counts.total():>10,}  in all")


def print_record(rejected: Rejected, marker: Marker | None, pointer: Pointer) -> None:
    """One record: why it was rejected, what is wrong in it, where it came from, its headers."""
    out = console()
    origin = rejected.origin
    facts = {
        "record": str(rejected.place),
        "reason": rejected.reason,
        "message": rejected.message,
        "time": rfc3339(rejected.timestamp) if rejected.timestamp >= 0 else "none",
        "session": rejected.session_id or "none",
        "came from": "its headers do not say" if origin is None else str(origin.place),
        "redriven": "no" if marker is None else f"{marker.at}, to {marker.to}" + (", changed" * marker.changed),
    }
    for name, told in facts.items():
        out.print(Text.assemble((f"{name:>10}  ", "dim"), _plain_line(told)))
    out.print()
    for line in pointed(pointer):
        out.print(line)
    out.print(Text("\nHeaders", style="dim"))
    for name, told in readable_headers(rejected.input_headers).items():
        out.print(Text.assemble((f"  {_plain_line(name)}: ", "dim"), _plain_line("null" if told is None else told)))
    if rejected.stacktrace:
        out.print(Text("\nWhere the handler failed", style="dim"))
        out.print(Text(rejected.stacktrace))


def _plain_line(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def pointed(pointer: Pointer) -> Iterator[Text]:
    """The offending part, pointed at."""
    match pointer:
        case InText(text, position, note):
            line, column = excerpt(text, position)
            yield Text(line)
            yield Text(" " * column + "^ " + note, style="bold red")
            yield Text(f"at character {position:,} of {len(text):,}", style="dim")
        case AtPath(document, path, note):
            for line, here in marked_lines(document, path):
                yield Text.assemble((line, "bold red"), (f"   <── {note}", "red")) if here else Text(line)
            yield Text(f"at {path_text(path)}: {note}", style="bold red")
        case Sizes(parts):
            yield Text("its largest parts, in bytes:", style="dim")
            for path, size in parts:
                yield Text(f"{size:>12,}  {path_text(path)}")
        case Nowhere(note):
            yield Text(note, style="bold red")


def pointer_data(pointer: Pointer) -> dict[str, Any]:
    """The same for `--json`."""
    match pointer:
        case InText(_, position, note):
            return {"position": position, "note": note}
        case AtPath(_, path, note):
            return {"path": path_text(path), "note": note}
        case Sizes(parts):
            return {"largest": [{"path": path_text(path), "bytes": size} for path, size in parts]}
        case Nowhere(note):
            return {"note": note}


def print_preview(previewed: Previewed) -> None:
    """What would come of one record."""
    one = previewed.ready
    out = console()
    head = f"{one.rejected.place} → {one.record.topic}-{one.record.partition}" + (" (changed)" if one.changed else "")
    out.print(Text(head, style="bold"))
    if again := previewed.rejected_again:
        out.print(Text(f"    rejected again: {again}", style="red"))
    for output in previewed.outputs or ():
        if "itemstream-reject-reason" not in dict(output.headers):
            out.print(Text("    ").append(describe_output(output)))
    if previewed.outputs == []:
        out.print(
            Text("    nothing comes out" + ("; the state changes" if previewed.used else ": it changes nothing"), "dim")
        )
    if previewed.outputs is None:
        out.print(Text("    for its subscriber to handle again", "dim"))


def preview_data(previewed: Previewed) -> dict[str, Any]:
    """The same for `--json`."""
    one = previewed.ready
    return {
        "record": str(one.rejected.place),
        "to": f"{one.record.topic}-{one.record.partition}",
        "changed": one.changed,
        "rejected_again": previewed.rejected_again,
        "used": previewed.used,
        "outputs": None if previewed.outputs is None else [_output_data(output) for output in previewed.outputs],
    }


def _output_data(output: Output) -> dict[str, Any]:
    return {"topic": output.topic, "value": None if output.value is None else output.value.decode(errors="replace")}


def print_report(report: Report, *, dry_run: bool) -> None:
    """What a redrive did, on standard error: standard output is for data."""
    done = "would be redriven" if dry_run else "redriven"
    changed = f" ({report.changed:,} with another value)" if report.changed else ""
    forgotten = f"; {report.forgotten:,} left alone, their sessions were forgotten" if report.forgotten else ""
    before = f"{report.already:,} left alone, redriven before"
    print(f"{report.redriven:,} {done}{changed}; {before}{forgotten}", file=sys.stderr)
    shown = 20
    for place, why in report.refused[:shown]:
        print(f"not redriven: {place}: {why}", file=sys.stderr)
    if len(report.refused) > shown:
        print(f"not redriven: {len(report.refused) - shown:,} more", file=sys.stderr)
