"""Runs a console: the projection, what watches Kafka, and the server, until it is told to stop."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pipeline.console.access.identity import Access, Network, Proxy
from pipeline.console.access.tokens import TokenStore
from pipeline.console.api.app import build_app
from pipeline.console.api.console import Console
from pipeline.console.api.headers import LOOPBACK_NAMES
from pipeline.console.api.page import NOT_BUILT, Page
from pipeline.console.kafka.audit import KafkaAuditLog
from pipeline.console.kafka.dead_letters import KafkaDeadLetters
from pipeline.console.kafka.pipeline_view import KafkaPipelineView
from pipeline.console.kafka.replays import KafkaReplays
from pipeline.console.kafka.session_events import KafkaSessionEvents
from pipeline.console.models import Features, ProjectionLag
from pipeline.console.opening import projection_of, store_of
from pipeline.console.prices import read_prices
from pipeline.console.projection import Projection
from pipeline.console.store import StoreQueries
from pipeline.console.stream import Live
from pipeline.errors import UsageError
from pipeline.ingest.parts import is_loopback
from pipeline.ingest.redact import compile_rules
from pipeline.observe.server import served
from pipeline.observe.sockets import listening
from pipeline.settings import Settings

log = logging.getLogger(__name__)

ADVICE = "choose others with --console-host, --console-port"


async def serve(
    settings: Settings, stop: asyncio.Event, *, rebuild: bool = False, on_ready: Callable[[str], None] = lambda _: None
) -> None:
    """rebuild: read everything from the topics again. on_ready: told the address once it listens.

    Raises ItemstreamError where the settings are wrong, the port is taken, or the store is of something else.
    """
    sock = listening(settings.console_host, settings.console_port, ADVICE)
    port: int = sock.getsockname()[1]
    access = access_of(settings, port)
    prices = read_prices(Path(settings.console_prices)) if settings.console_prices else None
    redaction = compile_rules(settings.console_redact)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    page = Page()
    if not page.is_built:
        log.warning(NOT_BUILT.strip())
    async with AsyncExitStack() as stack:
        store = stack.enter_context(await asyncio.to_thread(store_of, settings, rebuild=rebuild))
        queries = StoreQueries(store)
        projection = projection_of(settings, store)
        view = KafkaPipelineView(settings, lambda: _lag_of(projection))
        replays = KafkaReplays(settings)
        stack.push_async_callback(replays.close)
        live = Live(queries, projection.changes.listen, view, replays)
        console = Console(
            prefix=settings.prefix,
            features=Features(
                redrive=access.has_operators, replay=access.has_operators, raw_events=settings.console_raw_events
            ),
            access=access,
            queries=queries,
            events=KafkaSessionEvents(settings, queries, redaction),
            dead_letters=KafkaDeadLetters(settings, queries),
            replays=replays,
            pipeline=view,
            audit=KafkaAuditLog(settings),
            live=live,
            prices=prices,
            problems=lambda: [projection.status.error] if projection.status.error else [],
        )
        app = build_app(console, names=_names(settings), page=page)
        await stack.enter_async_context(served(app, sock))
        stack.callback(live.close)
        host = settings.console_host
        if not is_loopback(host):
            log.warning("tokens and what people said go unencrypted: see that a proxy before the console speaks TLS")
        on_ready(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        await _until(stop, projection.run(), view.run(), live.run())


def access_of(settings: Settings, port: int) -> Access:
    """Raises UsageError where the console would be open to the network, or a setting is wrong."""
    header, tokens = settings.console_identity_header, settings.console_tokens
    if not is_loopback(settings.console_host) and header is None and tokens is None:
        raise UsageError(
            f"setting console_host = {settings.console_host}: whoever reaches it could read what people said; name a "
            "file of tokens with --console-tokens (itemstream console tokens add NAME makes one), or the header of a "
            "reverse proxy with --console-identity-header"
        )
    if settings.console_local_role == "operator" and (header is not None or tokens is not None):
        raise UsageError("setting console_local_role = operator is for a console that asks nobody who they are")
    proxy = None
    if header is not None:
        proxy = Proxy(header, _networks(settings.console_proxies), frozenset(settings.console_operators))
    return Access(
        TokenStore(Path(tokens)) if tokens else None,
        proxy,
        settings.console_local_role,
        cookie=f"itemstream_console_{port}",
    )


def _networks(texts: tuple[str, ...]) -> list[Network]:
    try:
        return [ipaddress.ip_network(text, strict=False) for text in texts]
    except ValueError as error:
        raise UsageError(f"setting console_proxies: {error}; write addresses, or networks such as 10.0.0.0/8") from None


def _names(settings: Settings) -> frozenset[str] | None:
    """The hosts a request may name; None: any."""
    named = frozenset(settings.console_hosts)
    if is_loopback(settings.console_host):
        return LOOPBACK_NAMES | named
    return named or None


def _lag_of(projection: Projection) -> tuple[ProjectionLag, str | None]:
    status = projection.status
    behind = None if status.lag is None else status.behind_ms / 1000
    return ProjectionLag(lag=status.lag, behind_seconds=behind), status.error


async def _until(stop: asyncio.Event, *work: Coroutine[Any, Any, None]) -> None:
    """Run all of it until `stop`; raises what one of them raises."""
    tasks = [asyncio.create_task(one) for one in (*work, _waited(stop))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _waited(stop: asyncio.Event) -> None:
    await stop.wait()
