"""Serves the HTTP collector until it is told to stop; what is in flight then is answered."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Generator

import uvicorn

from pipeline.errors import ItemstreamError
from pipeline.ingest.http.app import Bounds, build_app
from pipeline.ingest.http.collector import Collector
from pipeline.ingest.http.connection import BoundedConnection
from pipeline.ingest.http.counts import Counts
from pipeline.ingest.http.observed import HttpObserved
from pipeline.ingest.observed import observed
from pipeline.ingest.parts import access_of, is_loopback, redaction_of, tls_of, writer_of
from pipeline.settings import Settings

log = logging.getLogger(__name__)

GRACE_SECONDS = 5.0
"""Beyond the time to wait for Kafka: until a stop cuts connections."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield  # the process has its own handlers


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Raises ItemstreamError where the settings are wrong, the port is taken, or Kafka is not there at the start."""
    access, redaction, tls = access_of(settings), redaction_of(settings), tls_of(settings)
    listening = _listen(settings.ingest_host, settings.ingest_port)
    writer = writer_of(settings)
    try:
        await writer.start()
        collector = Collector(writer, access, redaction, settings.ingest_timeout)
        app = build_app(
            collector,
            Bounds(
                max_body_bytes=settings.ingest_max_body_bytes,
                max_held_bytes=settings.ingest_max_waiting_bytes,
                max_batch_events=settings.ingest_max_batch_events,
                stuck_seconds=settings.ingest_timeout,
            ),
        )
        server = _Server(_config(app, settings, tls, collector.counts))
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        log.info("listening on %s://%s:%d, writing to %s", "https" if tls else "http", shown, port, writer.topic)
        if tls is None and not is_loopback(settings.ingest_host):
            log.warning(
                "keys and events come in unencrypted: set ingest_tls_certfile and ingest_tls_keyfile, or see "
                "that a proxy does it"
            )
        async with observed(settings, HttpObserved(writer, collector.counts, settings.ingest_timeout)):
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            server.should_exit = True
            await serving
    finally:
        listening.close()
        await writer.close(settings.ingest_timeout)


def _config(app: object, settings: Settings, tls: tuple[str, str] | None, counts: Counts) -> uvicorn.Config:
    bounds = {"max_connections": settings.ingest_max_connections, "counts": counts}
    connection = type("Connection", (BoundedConnection,), bounds)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=round(settings.ingest_timeout + GRACE_SECONDS),
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    try:
        config.load()
    except (ssl.SSLError, OSError) as error:
        raise ItemstreamError(f"settings ingest_tls_certfile, ingest_tls_keyfile can't be used: {error}") from error
    return config


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio turns Nagle's algorithm off only where the protocol is named; with it each answer takes 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        raise ItemstreamError(
            f"can't listen on {host}:{port}: {error.strerror or error}; choose others with --ingest-host, --ingest-port"
        ) from error
    return listening
