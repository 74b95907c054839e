"""How `itemstream replay --dry-run` shows a difference: the summary first, then, where asked for, each of them."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from typing import Any, cast

import orjson

from pipeline.cli.replay_view import print_lost, shown_as
from pipeline.errors import ItemstreamError
from pipeline.replay.comparison import Difference, Stored
from pipeline.replay.content import Topics
from pipeline.replay.difference import Tally
from pipeline.replay.dry_run import Compared, dry_run
from pipeline.replay.jobs import Order
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled
from topics.dead_letters import readable_headers

_LONGEST = 200


def show_difference(settings: Settings, order: Order, *, details: bool, as_json: bool) -> int:
    """Compare, print, and say with the exit code whether it came to its end."""
    topics = Topics(settings.prefix)
    # On disk: the summary comes first, and there may be a million details.
    with tempfile.TemporaryFile() as kept:

        def keep(difference: Difference) -> None:
            if details:
                line = difference_data(difference, topics)
                kept.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) if as_json else _text(line))

        async def work(stop: asyncio.Event) -> Compared:
            with shown_as("dry run") as on_progress:
                return await dry_run(settings, order, stop, on_progress, keep)

        compared: Compared = run_until_signalled(work)
        for note in compared.notes:
            print(note, file=sys.stderr)
        if as_json:
            print(orjson.dumps(summary_data(compared)).decode())
        else:
            _print_summary(compared, settings.prefix)
        kept.seek(0)
        for line in kept:
            sys.stdout.write(line.decode())
    if not compared.finished:
        raise ItemstreamError("stopped before the end: what is shown is a part")
    return 0


def summary_data(compared: Compared) -> dict[str, Any]:
    """The first line of `--json`."""
    lost = {session for window in compared.job.windows for session in window.lost}
    return {"summary": compared.tally.as_json() | {"sessions_without_beginning": sorted(lost)}}


def difference_data(difference: Difference, topics: Topics) -> dict[str, Any]:
    """A further line of `--json`."""
    record = cast(Stored, difference.after or difference.before)
    _, _, name = difference.chain.rpartition("\x1f")
    line: dict[str, Any] = {
        "difference": difference.verdict,
        "topic": record.topic,
        "session_id": difference.session,
        difference.kind: name,
        "revision": difference.revision,
    }
    if difference.verdict == "changed":
        line["fields"] = {path: {"before": before, "after": after} for path, before, after in difference.fields(topics)}
    else:
        line["record"] = _value(record, difference.kind)
    return line


def _value(record: Stored, kind: str) -> Any:
    if kind == "rejected":
        return readable_headers(record.headers)
    return orjson.loads(record.value or b"null")


def _print_summary(compared: Compared, prefix: str) -> None:
    tally: Tally = compared.tally
    print(
        f"{tally.counts.consumed:,} events give {tally.records:,} records; of the items, responses and rejected "
        f"records on {prefix}.…, by their latest revision:"
    )
    for verdict in ("added", "changed", "same", "gone"):
        print(f"  {tally.verdicts[verdict]:>12,} {verdict}")
    if tally.fields:
        print("changed fields:")
        for path, number in tally.fields.most_common(30):
            print(f"  {number:>12,} {path}")
    for why, number in tally.not_compared.items():
        print(f"not compared: {number:,} {why}")
    print_lost(compared.job)


def _text(line: dict[str, Any]) -> bytes:
    name = next(line[kind] for kind in ("item", "response", "rejected") if kind in line)
    head = f"{line['difference']:8} {line['topic']} {line['session_id'] or '-'} {name}"
    rows = [head]
    for path, change in line.get("fields", {}).items():
        rows += [f"    {path}", f"      - {_short(change['before'])}", f"      + {_short(change['after'])}"]
    return "\n".join(rows).encode("utf-8", "backslashreplace") + b"\n"


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
