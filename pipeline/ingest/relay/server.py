"""The relay itself: takes connections, decides whether they may, and keeps count of them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import h11
import orjson

from pipeline.ingest.access import Access, AccessDenied
from pipeline.ingest.keys import Caller
from pipeline.ingest.limits import TooManyConnections
from pipeline.ingest.relay.afterwards import Afterwards
from pipeline.ingest.relay.exchange import Switched, UpstreamFailed, exchange, refuse
from pipeline.ingest.relay.http import HeaderList, HttpEnd, HttpError, answer, end_to_end, header_of
from pipeline.ingest.relay.key import HEADER, PARAMETER, take_key
from pipeline.ingest.relay.link import Link
from pipeline.ingest.relay.recorder import EventCounts, Journal, Recorder, RecordingRules
from pipeline.ingest.relay.tunnel import Tunnel
from pipeline.ingest.relay.upstream import Upstream
from pipeline.logs import get_logger

WhenFull = Literal["drop", "refuse", "close"]

HEALTH = "/-/health"
TRY_AGAIN_LATER, GOING_AWAY, POLICY_VIOLATION = 1013, 1001, 1008
HEAD_SECONDS = 10.0
"""Until a client has said what it wants."""
KEYS_SECONDS = 1.0
"""How often the keys of running calls are looked at."""
TELL_FULL_SECONDS = 10.0
"""At most so often the log is told that events are dropped; the counter knows each."""
RETRY_AFTER: HeaderList = [(b"Retry-After", b"5")]
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

log = get_logger(__name__)


class FullJournal(Journal, Protocol):
    """A journal that knows whether it is full."""

    @property
    def full(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class RelayRules:
    """What the relay lets pass.

    when_full: `drop`: calls go on and their events are dropped; `refuse`: new connections are refused as well;
    `close`: so are those whose event was dropped, with code 1013.
    """

    upstream: Upstream
    recording: RecordingRules
    connect_timeout: float = 10.0
    max_connections: int = 1000
    when_full: WhenFull = "drop"


@dataclass(slots=True)
class RelayCounts:
    """Since the start."""

    connections: int = 0
    """WebSocket connections that were opened."""
    open: int = 0
    refused: int = 0
    """Requests the relay answered itself: no key, too many connections, no upstream."""
    unread: int = 0
    """Directions that could not be followed: their bytes passed, their events are missing."""
    events: EventCounts = field(default_factory=EventCounts)


Health = Callable[[], tuple[bool, dict[str, object]]]


class Relay:
    """Serves until `close`."""

    def __init__(self, rules: RelayRules, journal: FullJournal, access: Access, health: Health | None = None) -> None:
        """health: what the health endpoint says beside the relay's own counters, and whether all is well."""
        self.counts = RelayCounts()
        self._rules = rules
        self._journal = journal
        self._access = access
        self._health = health
        self._server: asyncio.Server | None = None
        self._afterwards = Afterwards()
        self._serving: dict[asyncio.Task[None], Link] = {}
        self._tunnels: dict[Tunnel, str | None] = {}
        """With the id of the key that opened each."""
        self._watching: asyncio.Task[None] | None = None
        self._closing = False
        self._told_full = -TELL_FULL_SECONDS

    @property
    def refuses(self) -> str | None:
        """Why a new connection would be refused, whoever comes; None where none would."""
        if self._closing:
            return "it is shut down"
        if len(self._serving) > self._rules.max_connections:
            return f"{self._rules.max_connections} connections are open"
        if self._rules.when_full != "drop" and self._journal.full:
            return "the journal is full"
        return None

    def snapshot(self) -> dict[str, object]:
        """Its counters, as JSON."""
        counts, events = self.counts, self.counts.events
        return {
            "connections": {"open": counts.open, "opened": counts.connections, "refused": counts.refused},
            "events": {
                "recorded": events.recorded,
                "dropped": events.dropped,
                "refused": events.refused,
                "unread_connections": counts.unread,
            },
        }

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Take connections from now on; the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Link(self._opened), host, port, ssl=tls, backlog=self._rules.max_connections
        )
        self._watching = asyncio.create_task(self._watch_keys())
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self, patience: float) -> None:
        """Take none any more; let calls end for so many seconds, then close them with 1001."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        await self._ended(patience)
        for tunnel in list(self._tunnels):
            tunnel.close(GOING_AWAY, "the relay is shut down")
        await self._ended(2.0)
        for tunnel in list(self._tunnels):
            tunnel.abort()
        for task in list(self._serving):
            task.cancel()
        await self._ended(2.0)
        if self._watching is not None:
            self._watching.cancel()

    async def _watch_keys(self) -> None:
        """End calls whose key is in force no longer, for ever."""
        while True:
            await asyncio.sleep(KEYS_SECONDS)
            ended = {key for key in set(self._tunnels.values()) if not self._access.in_force(key)}
            for tunnel in [tunnel for tunnel, key in self._tunnels.items() if key in ended]:
                tunnel.close(POLICY_VIOLATION, "the key is no longer in force")

    async def _ended(self, seconds: float) -> None:
        if self._serving:
            await asyncio.wait(list(self._serving), timeout=seconds)

    def _opened(self, link: Link) -> None:
        if len(self._serving) > 2 * self._rules.max_connections:  # too many even to be told so
            link.abort()
            return
        task = asyncio.ensure_future(self._serve(link))
        self._serving[task] = link
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        link = self._serving.pop(task)
        link.close()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("relay_connection_failed", exc_info=error)

    async def _serve(self, link: Link) -> None:
        client = HttpEnd(link, "server")
        with contextlib.suppress(HttpError, TimeoutError), ExitStack() as held:
            async with asyncio.timeout(HEAD_SECONDS):
                request = await self._request(client)
            if request is None:
                return
            key, target, headers = take_key(request.target.decode("latin-1"), end_to_end(request.headers))
            if not target.startswith("/"):
                await self._refuse(client, 400, "No path", "ask for a path of the provider, such as /v1/realtime")
                return
            if target.partition("?")[0] == HEALTH:
                await self._tell_health(client)
                return
            caller = await self._admitted(client, key, held)
            if caller is None:
                return
            rules = self._rules
            try:
                outcome = await exchange(client, request, target, headers, rules.upstream, rules.connect_timeout)
            except UpstreamFailed as error:
                log.warning("relay_upstream_failed", status=error.status, error=str(error))
                await self._refuse(client, error.status, "The provider can't be reached", str(error))
                return
            if isinstance(outcome, Switched):
                await self._tunnel(link, outcome, caller, target, headers)
            elif outcome >= 400:
                log.info("relay_refused_by_upstream", status=outcome, path=target.partition("?")[0])

    async def _request(self, client: HttpEnd) -> h11.Request | None:
        try:
            return await client.next_event()
        except HttpError as error:
            if not client.link.closing:
                await self._refuse(client, 400, "No HTTP request", str(error))
            return None

    async def _admitted(self, client: HttpEnd, key: str | None, held: ExitStack) -> Caller | None:
        rules = self._rules
        try:
            caller = self._access.caller(None if key is None else f"Bearer {key}")
        except AccessDenied:
            detail = f"give the key of your tenant in the header {HEADER.decode()} or the parameter {PARAMETER}"
            await self._refuse(client, 401, "No key that is in force", detail)
            return None
        if self._closing or len(self._serving) > rules.max_connections:
            detail = "the relay is shut down" if self._closing else f"{rules.max_connections} connections are open"
            await self._refuse(client, 503, "No more connections", detail, RETRY_AFTER)
            return None
        if rules.when_full != "drop" and self._journal.full:
            await self._refuse(client, 503, "The journal is full", "events can't be recorded now", RETRY_AFTER)
            return None
        try:
            held.enter_context(self._access.connection(caller))
        except TooManyConnections:
            detail = "the tenant has as many connections open as it may have"
            await self._refuse(client, 429, "Too many connections", detail, RETRY_AFTER)
            return None
        return caller

    async def _tunnel(self, link: Link, switched: Switched, caller: Caller, target: str, headers: HeaderList) -> None:
        rules = self._rules
        connection = f"conn_{uuid.uuid4().hex}"
        provider = rules.upstream.provider_of(target)
        traceparent = header_of(headers, b"traceparent")
        recorder = Recorder(
            connection,
            provider,
            caller.tenant,
            traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
            replace(rules.recording, max_event_bytes=caller.limits.max_event_bytes or rules.recording.max_event_bytes),
            self._journal,
            self.counts.events,
            lambda: self._full(tunnel),
        )
        tunnel = Tunnel(
            link,
            switched.upstream,
            switched.extensions,
            recorder.server,
            recorder.client if rules.recording.client_topic else None,
            lambda reason: self._unread(connection, reason),
            self._afterwards,
        )
        told = {"connection": connection, "provider": provider, "tenant": caller.tenant}
        log.info("relay_connection_opened", path=target.partition("?")[0], **told)
        self.counts.connections += 1
        self.counts.open += 1
        self._tunnels[tunnel] = caller.key_id
        try:
            await tunnel.run(switched.from_client, switched.from_upstream)
        finally:
            del self._tunnels[tunnel]
            self.counts.open -= 1
            log.info("relay_connection_closed", session=recorder.session, events=recorder.sequence, **told)

    def _full(self, tunnel: Tunnel) -> None:
        if self._rules.when_full == "close":
            tunnel.close(TRY_AGAIN_LATER, "events can't be recorded now")
        now = time.monotonic()
        if now - self._told_full >= TELL_FULL_SECONDS:
            self._told_full = now
            log.error("relay_journal_full", policy=self._rules.when_full, dropped=self.counts.events.dropped)

    def _unread(self, connection: str, reason: str) -> None:
        self.counts.unread += 1
        log.error("relay_connection_unread", connection=connection, reason=reason)

    async def _refuse(
        self, client: HttpEnd, status: int, title: str, detail: str, headers: HeaderList | None = None
    ) -> None:
        self.counts.refused += 1
        await refuse(client, status, title, detail, headers)

    async def _tell_health(self, client: HttpEnd) -> None:
        well, told = self._health() if self._health is not None else (True, {})
        body = {"status": "ok" if well else "degraded", **self.snapshot(), **told}
        response, data = answer(200 if well else 503, orjson.dumps(body), b"application/json")
        for event in (response, data, h11.EndOfMessage()):
            await client.send(event)
