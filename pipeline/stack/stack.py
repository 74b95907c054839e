"""Kafka, topics, worker: started in this order, ended in the reverse one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Self

from pipeline.kafka import EmbeddedKafka
from pipeline.settings import Settings
from pipeline.stack.worker_process import WorkerProcess
from topics.admin import Plan, apply_changes, connect, deployment, make_plan, read_state

Say = Callable[[str], None]


class LocalStack:
    """Runs the main job on this machine until the context ends.

    settings: in force for topics and worker.
    kafka: a broker to start and stop; None uses the one at `bootstrap_servers`, which is that of the settings where it
        is None too.
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
        say: Say = lambda line: None,
    ) -> None:
        self._settings = settings
        self._kafka = kafka
        self._partitions = partitions
        self._worker_args = worker_args
        self._say = say
        self.bootstrap_servers = bootstrap_servers or settings.bootstrap_servers
        self.worker: WorkerProcess | None = None

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
        self.worker = WorkerProcess(self._worker_settings(), self._worker_args)
        self.worker.start()
        return self

    def _worker_settings(self) -> dict[str, object]:
        given = {
            name: getattr(self._settings, name)
            for name in type(self._settings).model_fields
            if self._settings.source_of(name) != "default"
        }
        password = given.get("sasl_password")
        if password is not None:
            given["sasl_password"] = password.get_secret_value()
        return {**given, "bootstrap_servers": self.bootstrap_servers}

    async def _apply_topics(self) -> Plan:
        settings = self._settings
        wanted = deployment(settings.prefix, settings.group, settings.input_topic)
        async with connect(self.bootstrap_servers, **settings.connection()) as admin:
            state = await read_state(admin, wanted)
            plan = make_plan(wanted, state, partitions=self._partitions)
            await apply_changes(admin, plan.changes, state)
        return plan
