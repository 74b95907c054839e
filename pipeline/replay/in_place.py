"""The live topics put right: what would come out differently now goes out as a next revision, cause `replayed`.

The worker beside is not disturbed: nothing here uses its group, its transactional ids or its state. It numbers the
revisions and records of every session it knows, so that nobody else may; its state says which it knows, and those are
left alone. It forgets a session `session_retention` after its last event.

Nothing is kept of how far a partition is. Whoever starts over compares again, and what was written before is then the
latest revision, and no difference.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import orjson
from aiokafka import TopicPartition

from pipeline.core import Output
from pipeline.core.publish import record_id
from pipeline.erasure.erased import read_erased
from pipeline.errors import ItemstreamError, UsageError
from pipeline.rejected.read import Reader, reader
from pipeline.replay.again import OnRead
from pipeline.replay.bounded import Pace
from pipeline.replay.comparison import Comparison, Difference
from pipeline.replay.content import ITEM
from pipeline.replay.core import Summary
from pipeline.replay.difference import Tally, compare
from pipeline.replay.dry_run import plan_beside_worker
from pipeline.replay.job import ENDED, Job
from pipeline.replay.jobs import Order, Planned
from pipeline.replay.plan import MOST_LOST
from pipeline.replay.reading import batches, ends
from pipeline.replay.run import OnProgress, Progress
from pipeline.replay.sinks import transactions
from pipeline.replay.store import Jobs
from pipeline.replay.window import Window
from pipeline.settings import Settings
from pipeline.streaming.changelog import is_state
from pipeline.streaming.transactions import Fault, Transactions, no_fault
from topics.admin import connect
from topics.catalogue import changelog_topic

AT_ONCE = 500
"""Records of one transaction."""
FINISHED = "finished"
LEFT_ALONE = "left_alone"

KNOWN = "items of sessions the worker still knows: replay them again later"
NO_REVISION = "responses and rejected records, which have no revisions"
NO_SESSION = "items of no session"
NO_ID = "items without an id"
FORGOTTEN = "items of sessions that were forgotten (itemstream forget)"
GONE = "gone: nothing comes out in place of them now, and nothing is deleted"


async def create_in_place(settings: Settings, order: Order) -> Planned:
    """Make the job. Raises UsageError for selections that end sessions early, and ItemstreamError without a worker."""
    selection = order.selection
    if selection.until_ms is not None or selection.offsets or selection.event_types or order.files:
        raise UsageError(
            "--in-place replays sessions to their end: select with --session, --since and --partition only"
        )
    job, notes = await plan_beside_worker(settings, order, needed=True)
    if not job.active:
        raise ItemstreamError(
            f"group {settings.group} has processed nothing that is meant: name the --group of the worker that writes "
            f"to {settings.prefix}.…"
        )
    if any(len(window.lost) >= MOST_LOST for window in job.active):
        raise ItemstreamError(
            f"more than {MOST_LOST} sessions of a partition have lost their beginning, too many to name: choose with "
            "--since what is whole"
        )
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        await Jobs(settings).make(admin)
    await Jobs(settings).put(job)
    return Planned(job, notes)


async def run_in_place(
    settings: Settings, job: Job, stop: asyncio.Event, on_progress: OnProgress, fault: Fault = no_fault
) -> Job:
    """Put right what differs, partition by partition, until all is done or `stop` is set; the job as it then stands.

    Raises ItemstreamError where another in-place replay takes over a partition.
    """
    if job.state in ENDED:
        return job
    jobs, done, pace = Jobs(settings), 0, Pace(job.max_rate)

    def on_read(count: int) -> None:
        nonlocal done
        done += count
        on_progress(Progress(job, done, job.size))

    async with reader(settings) as consumer:
        for window in job.active:
            finished: list[int] = job.report.get(FINISHED, [])
            if window.partition in finished:
                done += window.size
                continue
            part = _Part(settings, job, window, consumer, fault)
            if not await part.put_right(pace, on_read, stop):
                return job
            if (now := await jobs.find(job.id)).state in ENDED:
                return now
            total = job.result or Summary()
            total.add(part.summary)
            left: Counter[str] = Counter(job.report.get(LEFT_ALONE, {}))
            left.update(part.left_alone)
            told: dict[str, Any] = {LEFT_ALONE: dict(left), FINISHED: [*finished, window.partition]}
            job = replace(job, result=total, report=told)
            await jobs.put(job)
    report = {name: told for name, told in job.report.items() if name != FINISHED}
    job = replace(job, report=report).end("done", result=job.result or Summary())
    await jobs.put(job)
    return job


class _Part:
    """The work on one partition."""

    def __init__(self, settings: Settings, job: Job, window: Window, consumer: Reader, fault: Fault) -> None:
        self.summary = Summary()
        self.left_alone: Counter[str] = Counter()
        self._settings = settings
        self._job = job
        self._window = window
        self._consumer = consumer
        self._fault = fault
        self._known: set[str] = set()
        self._forgotten: frozenset[str] = frozenset(job.erased)
        self._sequences: dict[str, int] = {}

    async def put_right(self, pace: Pace, on_read: OnRead, stop: asyncio.Event) -> bool:
        """Compare, and write what differs; False where it was stopped.

        1. Start the producer: it ends what a killed one left open, and fences one that still runs.
        2. Run the core over the window.
        3. Read which sessions the worker knows, 4. the output topics, 5. once more which the worker knows: numbers are
           given only in sessions that it did not know before nor after. 6. Write. Whenever it asks for the worker's
           sessions it also reads which were forgotten: there may be more since the job was made.
        """
        writing = transactions(self._settings, in_place_id(self._job, self._window.partition), self._fault)
        tally = Tally()
        waiting: list[Output] = []
        try:
            await writing.start()
            found = compare(
                self._consumer, self._job, self._window, tally, pace, on_read, everything=True, around=self._look
            )
            async with aclosing(found):
                async for comparison, difference in found:
                    if (output := self._next_revision(comparison, difference)) is not None:
                        waiting.append(output)
                    if len(waiting) >= AT_ONCE:
                        await self._write(writing, waiting)
                        waiting = []
                    if stop.is_set():
                        return False
            if waiting:
                await self._write(writing, waiting)
        finally:
            await writing.close()
        self.summary.counts = tally.counts
        self.left_alone.update(tally.not_compared)
        return not stop.is_set()

    async def _look(self) -> None:
        self._known |= await known_sessions(self._consumer, self._job.group, self._window.partition)
        self._forgotten |= await read_erased(self._settings)

    async def _write(self, writing: Transactions, outputs: list[Output]) -> None:
        await writing.write(("sent", [(self._window.partition, output) for output in outputs]))
        for output in outputs:
            self.summary.outputs[output.topic] = self.summary.outputs.get(output.topic, 0) + 1

    def _next_revision(self, comparison: Comparison, difference: Difference) -> Output | None:
        """The record to write; None, and counted, where nothing may be written."""
        why, after, session = None, difference.after, difference.session
        if session in self._forgotten:
            why = FORGOTTEN
        elif after is None:
            why = GONE
        elif difference.kind != ITEM:
            why = NO_REVISION
        elif session is None:
            why = NO_SESSION
        elif session in self._known:
            why = KNOWN
        elif orjson.loads(after.value or b"{}")["item_id"] is None:
            why = NO_ID
        if why is not None or after is None or session is None:
            self.left_alone[why or ""] += 1
            return None
        if session not in self._sequences:
            self._sequences[session] = comparison.last_sequence(session)
        self._sequences[session] += 1
        value: dict[str, Any] = orjson.loads(after.value or b"{}")
        revision = difference.revision + 1
        id_ = record_id(session, value["item_id"], revision)
        value |= {
            "id": id_,
            "revision": revision,
            "cause": "replayed",
            "session_sequence": self._sequences[session],
        }
        headers = [(name, id_.encode() if name == "ce_id" else told) for name, told in after.headers]
        return Output(after.topic, after.key, orjson.dumps(value), headers, after.timestamp)


def in_place_id(job: Job, partition: int) -> str:
    """The transactional id: one for all in-place jobs of a prefix, so that the last one started is the only one."""
    return f"{job.group}-replay-in-place-{job.prefix}-{partition}"


async def known_sessions(consumer: Reader, group: str, partition: int) -> set[str]:
    """The sessions in a worker's state."""
    topic = changelog_topic(group)
    begin, end = (await ends(consumer, topic, range(partition, partition + 1)))[partition]
    known: set[str] = set()
    async for records in batches(consumer, TopicPartition(topic, partition), begin, end):
        for record in records:
            if record.key is None or not is_state(record.key):
                continue
            kind, session, *_ = orjson.loads(record.key)
            if kind == "s":
                name: str = session.removeprefix("\x00+")  # which stands before ids that look like no session's
                (known.discard if record.value is None else known.add)(name)
    return known
