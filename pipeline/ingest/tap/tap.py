"""The tap: takes events from the application's threads, and delivers them from a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar
from weakref import WeakKeyDictionary

from pipeline.ingest.event import EventRecord, EventRefused, event_record
from pipeline.ingest.redact import Rule, compile_rules
from pipeline.ingest.tap.backlog import Backlog, WhenFull
from pipeline.ingest.tap.observing import is_told, observe, provider_of
from pipeline.ingest.tap.sinks import HttpSink, KafkaSink, Sink
from pipeline.ingest.tap.tapped import Counts, Received, Tapped

log = logging.getLogger(__name__)

BATCH_EVENTS = 2_000
BATCH_BYTES = 1024 * 1024
C = TypeVar("C")


class Tap:
    """Copies the server events of connections; a context manager, `with` or `async with`, one a process.

    Whoever receives never waits for it: events are noted, and a thread delivers them in order. What is noted is
    bounded; `counts` says what became of it. While Kafka is away, events wait; on leaving, for `close_seconds` at most.
    What waits is in memory only: an application that is killed loses it, which `itemstream ingest relay` does not.
    """

    def __init__(
        self,
        to: str | None = None,
        *,
        key: str | None = None,
        topic: str = "realtime.server-events",
        connection: Mapping[str, Any] | None = None,
        provider: str | None = None,
        tenant: str | None = None,
        audio: bool = False,
        redact: Sequence[str | Rule] = (),
        max_event_bytes: int = 1_048_576,
        max_waiting_bytes: int = 64 * 1024 * 1024,
        when_full: WhenFull = "drop-newest",
        close_seconds: float = 5.0,
    ) -> None:
        """
        to: Kafka brokers as `host:port`, or the address of `itemstream ingest http` as `http://…`; None: the variable
            ITEMSTREAM_BOOTSTRAP_SERVERS, else 127.0.0.1:9092. key: bearer key, for HTTP.
        topic, connection: for Kafka; aiokafka's arguments for encryption and login.
        provider, tenant: as the records tell them; `tap(…)` and `session` may say otherwise. A provider that is not
            told is known by the address, where the connection is one of `websockets` or aiohttp.
        audio: keep the audio in the events. redact: rules applied before anything leaves the process, JSONPaths,
            `module:function` or functions.
        max_waiting_bytes: of events that wait; of more, `when_full` drops the newest or the oldest.

        Raises UsageError for a rule that is wrong.
        """
        to = to or os.environ.get("ITEMSTREAM_BOOTSTRAP_SERVERS") or "127.0.0.1:9092"
        self.counts = Counts()
        self._provider, self._tenant, self._audio = provider, tenant, audio
        self._redaction = compile_rules(redact)
        self._max_event_bytes = max_event_bytes
        self._close_seconds = close_seconds
        is_http = to.startswith(("http://", "https://"))
        self._sink: Sink = HttpSink(to, key) if is_http else KafkaSink(to, topic, connection or {})
        self._backlog = Backlog(max_waiting_bytes, when_full, self.counts)
        self._connections: WeakKeyDictionary[Any, Tapped] = WeakKeyDictionary()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._filled = asyncio.Event()
        self._awake = False
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="itemstream-tap", daemon=True)

    # --- what an application calls -----------------------------------------------------------------------------------

    def __call__(self, websocket: C, *, session: str | None = None, provider: str | None = None) -> C:
        """Copy what is received on this connection from now on; gives it back.

        websocket: of `websockets` (asyncio or threads), aiohttp, or a realtime connection of `openai`. The first event,
        `session.created`, tells the session's id: tap before anything is received. session: the id until then.
        Raises UsageError for a connection of another kind.
        """
        if websocket not in self._connections:
            tapped = self.session(session, provider=provider or self._provider or provider_of(websocket))
            observe(websocket, tapped.received, self)
            self._connections[websocket] = tapped
        return websocket

    def session(self, session: str | None = None, *, provider: str | None = None, tenant: str | None = None) -> Tapped:
        """For a client that has its messages in hand: call `received` with each."""
        return Tapped(self._take, session=session, provider=provider or self._provider, tenant=tenant or self._tenant)

    @contextmanager
    def watching(self) -> Generator[None]:
        """Meanwhile each connection to a Realtime address is tapped that this process has opened with `websockets` or
        aiohttp, by whatever framework, but those that `tap(…)` was called with."""
        from pipeline.ingest.tap.watching import watched

        tapped: WeakKeyDictionary[Any, Tapped] = WeakKeyDictionary()

        def received(connection: Any, message: str | bytes) -> None:
            if connection not in self._connections and not is_told(self):
                if connection not in tapped:
                    tapped[connection] = self.session(provider=self._provider or provider_of(connection))
                tapped[connection].received(message)

        with watched(received):
            yield

    @property
    def waiting(self) -> int:
        """Events not delivered yet."""
        return len(self._backlog)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake(self._closing.set)
        self._thread.join()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.__exit__)

    # --- noting, in the application's threads ------------------------------------------------------------------------

    def _take(self, received: Received) -> None:
        self._backlog.put(received)
        if self._loop is not None and not self._awake:
            self._awake = True
            self._wake(self._filled.set)

    def _wake(self, act: Callable[[], None]) -> None:
        """Let the tap's thread do this. Nothing where it has not begun (it will look), or has ended."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(act)

    # --- delivering, in the tap's thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        assert self._loop is not None
        try:
            self._loop.run_until_complete(self._deliver_until_closed())
        finally:
            self._loop.close()

    async def _deliver_until_closed(self) -> None:
        delivering, ending = asyncio.create_task(self._deliver()), asyncio.create_task(self._end())
        try:
            await asyncio.wait([delivering, ending], return_when=asyncio.FIRST_COMPLETED)
            if delivering.done():
                delivering.result()
        except Exception:
            log.exception("the tap failed: no more events are copied")
        finally:
            for task in (delivering, ending):
                task.cancel()
            await asyncio.gather(delivering, ending, return_exceptions=True)
            await self._sink.close()
            self.counts.abandoned = self._backlog.close()
        if self.counts.abandoned:
            log.warning("%d events were not delivered when the tap was closed", self.counts.abandoned)

    async def _end(self) -> None:
        """Returns when there is no more time."""
        await self._closing.wait()
        self._filled.set()
        await asyncio.sleep(self._close_seconds)

    async def _deliver(self) -> None:
        """Returns when it is closing and nothing is left."""
        while True:
            self._filled.clear()
            self._awake = False
            while taken := self._backlog.take(BATCH_EVENTS, BATCH_BYTES):
                records = [record for one in taken if (record := self._record(one)) is not None]
                if records:
                    delivered = await self._sink.deliver(records)
                    self.counts.delivered += delivered.events
                    for reason, count in delivered.refused.items():
                        self._refuse(reason, count)
                self._backlog.done()
            if self._closing.is_set():
                return
            await self._filled.wait()

    def _record(self, received: Received) -> EventRecord | None:
        event = received.connection.collected(received, audio=self._audio)
        if self._redaction is not None:
            event = event._replace(type=None, id=None)  # read from what is left
        try:
            return event_record(event, max_bytes=self._max_event_bytes, redaction=self._redaction)
        except EventRefused as error:
            log.warning("event %s of session %s is not copied: %s", event.id, event.session, error)
            self._refuse(error.reason, 1)
            return None

    def _refuse(self, reason: str, count: int) -> None:
        self.counts.refused[reason] = self.counts.refused.get(reason, 0) + count
