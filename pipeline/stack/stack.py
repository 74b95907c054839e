"""Kafka, topics, worker, console: started in this order, ended in the reverse one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from pipeline.kafka import EmbeddedKafka
from pipeline.settings import Settings
from pipeline.stack.worker_process import ConsoleProcess, WorkerProcess
from topics.admin import Plan, apply_changes, connect, deployment, make_plan, read_state

Say = Callable[[str], None]


class LocalStack:
    """Runs the main job on this machine until the context ends.

    settings: in force for topics and worker.
    kafka: a broker to start and stop; None uses the one at `bootstrap_servers`, which is that of the settings where it
        is None too.
    console: settings of a console to run beside; None: there is none.
    say: told of each step, a line.
    """

    def __init__(
        self,
        settings: Settings,
        kafka: EmbeddedKafka | None,
        *,
        bootstrap_servers: str | None = None,
        partitions: int | None = None,
        worker_args: Sequence[str] = (),
        console: Mapping[str, object] | None = None,
        say: Say = lambda line: None,
    ) -> None:
        self._settings = settings
        self._kafka = kafka
        self._partitions = partitions
        self._worker_args = worker_args
        self._console = console
        self._say = say
        self.bootstrap_servers = bootstrap_servers or settings.bootstrap_servers
        self.worker: WorkerProcess | None = None
        self.console: ConsoleProcess | None = None

    def __enter__(self) -> Self:
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End what runs: first the worker, whose last transaction needs the broker."""
        if self.console is not None:
            self.console.stop()
            self.console = None
        if self.worker is not None:
            self._say("Stopping the worker …")
            self.worker.stop()
            self.worker = None
        if self._kafka is not None and self._kafka.pid is not None:
            self._say("Stopping Kafka …")
            self._kafka.stop()

    def _start(self) -> Self:
        if self._kafka is not None:
            self._say("Starting Kafka …")
            self._kafka.start()
            self.bootstrap_servers = self._kafka.bootstrap_servers
        plan = asyncio.run(self._apply_topics())
        self._say(f"Kafka on {self.bootstrap_servers}; topics: {len(plan.changes) or 'no'} changes made.")
        self.worker = WorkerProcess(self._given(), self._worker_args)
        self.worker.start()
        if self._console is not None:
            self.console = ConsoleProcess({**self._given(), **self._console})
            self.console.start()
        return self

    def _given(self) -> dict[str, object]:
        given = {
            name: getattr(self._settings, name)
            for name in type(self._settings).model_fields
            if self._settings.source_of(name) != "default"
        }
        return {**given, "bootstrap_servers": self.bootstrap_servers}

    async def _apply_topics(self) -> Plan:
        settings = self._settings
        wanted = deployment(settings.prefix, settings.group, settings.input_topic)
        async with connect(self.bootstrap_servers, **settings.connection()) as admin:
            state = await read_state(admin, wanted)
            plan = make_plan(wanted, state, partitions=self._partitions)
            await apply_changes(admin, plan.changes, state)
        return plan
