"""What operators, clocks and clients do, as scenarios."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from tests.faults.harness import load
from tests.faults.harness.scenario import Run, Scenario
from tests.faults.operations.rights import allow_write, deny_write

TABLE = "operations"
HOURS_2 = 2 * 3600
CLOCK_FILE = "ITEMSTREAM_TEST_CLOCK"
WAIT_SECONDS = 30


class _Fault:
    async def start(self, run: Run) -> None: ...

    async def inject(self, run: Run, round: int) -> None:
        raise NotImplementedError

    async def heal(self, run: Run, round: int) -> None: ...


class RightTaken(_Fault):
    """Nobody may write to one output topic any more; workers end, and start again in vain, until they may."""

    async def inject(self, run: Run, round: int) -> None:
        self._topic = run.topics.outputs[(0, 8)[round % 2]]  # messages, responses: every partition soon has some
        before = list(run.workers.running)
        await deny_write(run.bootstrap_servers, self._topic)
        deadline = time.monotonic() + WAIT_SECONDS
        while any(worker.alive for worker in before) and time.monotonic() < deadline:  # noqa: ASYNC110 - processes
            await asyncio.sleep(0.05)
        said = [worker.log.read_text().splitlines()[-1] for worker in before if not worker.alive]
        assert len(said) == len(before), "a worker that may not write goes on"
        for line in said:
            assert line.startswith("itemstream: no right to "), line
            assert self._topic in line, line
            run.note("ended with a line that names the topic")

    async def heal(self, run: Run, round: int) -> None:
        await allow_write(run.bootstrap_servers, self._topic)


class ClockJumps(_Fault):
    """The wall clock of every worker jumps by two hours, forward and back in turn, and is put right again."""

    async def inject(self, run: Run, round: int) -> None:
        _set_clock(HOURS_2 if round % 2 == 0 else -HOURS_2)
        await asyncio.sleep(3)

    async def heal(self, run: Run, round: int) -> None:
        _set_clock(0)


class LargeRecords(_Fault):
    """Events whose records do not fit, and events that are too large to be passed on even as rejected."""

    async def inject(self, run: Run, round: int) -> None:
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=run.bootstrap_servers, compression_type="gzip", max_request_size=50_000_000
        )
        await producer.start()
        try:
            for size in (200_000, 1_000_000, 3_000_000, 20_000_000):
                session = f"large-{round}-{size}"
                value = _message(session, size)
                partition = round % run.topics.partitions
                # In the load's own time: now would be two hours later, and make all of its sessions idle.
                when = time.time_ns() // 1_000_000 - load.AGO_MS
                await producer.send_and_wait(run.topics.input, value, session.encode(), partition, timestamp_ms=when)
        finally:
            await producer.stop()


def _set_clock(offset: int) -> None:
    Path(os.environ[CLOCK_FILE]).write_text(str(offset))


def _message(name: str, size: int) -> bytes:
    content = [{"type": "input_text", "text": "x" * size}]
    item = {"id": name, "type": "message", "role": "user", "content": content}
    return orjson.dumps({"type": "conversation.item.done", "event_id": name, "item": item})


RIGHTS = Scenario(
    name="right-taken",
    title="no right to write to an output topic, for a while",
    table=TABLE,
    fault=RightTaken,
    rate=300,
    worker_may_end=frozenset({1}),
    standstill_limit=None,
)
CLOCK = Scenario(
    name="clock-jumps", title="clock of all workers 2 h forward, 2 h back", table=TABLE, fault=ClockJumps, rate=300
)
LARGE = Scenario(
    name="large-records", title="records too large for an output", table=TABLE, fault=LargeRecords, rate=300
)
