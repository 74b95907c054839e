"""A replay in a process of its own: `python -m pipeline.console.kafka.replay_process`, what to do as JSON on stdin.

It writes lines of JSON to stdout, which is a file: whoever started it may be killed, and it goes on to its end. What it
writes to Kafka is a job's like any other (`itemstream replay`), and can be gone on with by anybody.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import orjson

from pipeline.console.kafka.shown_differences import Shown
from pipeline.errors import ItemstreamError
from pipeline.ingest.redact import compile_rules
from pipeline.logs import configure_logs
from pipeline.replay.comparison import Difference
from pipeline.replay.content import Topics
from pipeline.replay.dry_run import dry_run
from pipeline.replay.job import ENDED
from pipeline.replay.jobs import Order
from pipeline.replay.run import Progress
from pipeline.replay.selection import Selection
from pipeline.replay.store import Jobs
from pipeline.replay.work import work_on
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled
from topics.admin.errors import TopicsError

MOST_DIFFERENCES = 1_000
"""Told one by one; the summary counts all."""
STOPPED = 1


def main() -> int:
    """Returns the exit code: 0 where the work was done to its end."""
    wanted: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    settings = Settings.model_validate(wanted["settings"])
    configure_logs(settings.log_level, settings.log_format)
    try:
        if "job" in wanted:
            return run_until_signalled(lambda stop: _job(settings, wanted["job"], stop))
        selection = Selection.from_json(wanted["selection"])
        return run_until_signalled(lambda stop: _difference(settings, selection, stop))
    except (ItemstreamError, TopicsError) as error:
        _say({"error": str(error)})
        return STOPPED


async def _job(settings: Settings, job_id: str, stop: asyncio.Event) -> int:
    job = await work_on(settings, await Jobs(settings).find(job_id), stop)
    return 0 if job.state in ENDED else STOPPED


async def _difference(settings: Settings, selection: Selection, stop: asyncio.Event) -> int:
    shown, told = Shown(Topics(settings.prefix), compile_rules(settings.console_redact)), 0

    def on_progress(progress: Progress) -> None:
        _say({"done": progress.done, "size": progress.size})

    def on_difference(difference: Difference) -> None:
        nonlocal told
        told += 1
        line = shown.line(difference)
        if told <= MOST_DIFFERENCES:
            _say({"difference": line})

    order = Order(kind="in-place", to=settings.prefix, selection=selection)
    compared = await dry_run(settings, order, stop, on_progress, on_difference)
    summary = compared.tally.as_json() | {"fields": dict(shown.fields.most_common())}
    _say({"summary": summary, "notes": [*compared.notes, *shown.notes()], "size": compared.job.size})
    return 0 if compared.finished else STOPPED


def _say(line: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
