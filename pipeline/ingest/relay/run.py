"""The relay's process: journal, sender and server put together from the settings."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import ssl
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ItemstreamError, UsageError
from pipeline.ingest.journal.writer import Acknowledged, Fault, JournalLimits, JournalWriter
from pipeline.ingest.observed import observed
from pipeline.ingest.parts import access_of, redaction_of, tls_of
from pipeline.ingest.relay.backlog import Backlog
from pipeline.ingest.relay.observed import RelayObserved, journal_counters
from pipeline.ingest.relay.recorder import RecordingRules
from pipeline.ingest.relay.sending import COMMAND, SenderState, Sending
from pipeline.ingest.relay.server import Relay, RelayRules
from pipeline.ingest.relay.upstream import upstream_at
from pipeline.logs import get_logger
from pipeline.paths import data_dir
from pipeline.settings import Settings
from pipeline.streaming.transactions import no_fault

FINISH_SECONDS = 10.0
FILES_A_CONNECTION, OTHER_FILES = 2, 64

log = get_logger(__name__)


async def run_relay(
    settings: Settings,
    stop: asyncio.Event,
    listening: Callable[[int], None] | None = None,
    *,
    acknowledged: Acknowledged | None = None,
    fault: Fault = no_fault,
    sender: tuple[str, ...] = COMMAND,
) -> None:
    """Serve until `stop`: calls then have `relay_patience` seconds to end, and what is journaled goes to Kafka.

    listening: called with the port. The last three are for tests: who hears of acknowledged records, what happens at
    the journal's steps, which process sends.

    Raises ItemstreamError where a setting is wrong, the port is taken, or the journal belongs to another relay.
    """
    rules = rules_of(settings)
    access = access_of(settings)
    tls = _server_tls(settings)
    folder = journal_folder(settings)
    raise_open_files(settings.ingest_max_connections)
    try:
        journal = JournalWriter(folder, limits_of(settings), acknowledged, fault)
    except OSError as error:
        raise ItemstreamError(f"journal_dir {folder} can't be written to: {error.strerror}") from error
    sending = Sending(settings, folder, sender)
    backlog = Backlog(journal, sending.state)
    relay = Relay(rules, journal, access, lambda: _health(journal, sending.state, backlog))
    tasks = [asyncio.create_task(sending.run()), asyncio.create_task(backlog.watch())]
    async with contextlib.AsyncExitStack() as web:  # until the very end: what is left to send can be watched
        try:
            try:
                port = await relay.listen(settings.ingest_host, settings.relay_port, tls)
            except OSError as error:
                where = f"{settings.ingest_host}:{settings.relay_port}"
                raise ItemstreamError(
                    f"can't listen on {where}: {error.strerror}; name another --relay-port"
                ) from error
            seen = RelayObserved(settings.input_topic, relay, journal, sending.state, backlog)
            await web.enter_async_context(observed(settings, seen))
            scheme = "wss" if tls else "ws"
            log.info(
                "relay_listens", address=f"{scheme}://{settings.ingest_host}:{port}", upstream=rules.upstream.authority,
                journal=str(folder),
            )  # fmt: skip
            if listening is not None:
                listening(port)
            await stop.wait()
            log.info("relay_stops", open=relay.counts.open, patience_seconds=settings.relay_patience)
        finally:
            await relay.close(settings.relay_patience if stop.is_set() else 0)
            await asyncio.to_thread(journal.close)
            sent = await sending.finish(FINISH_SECONDS if stop.is_set() else 0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("relay_stopped", journal_sent=sent, **journal_counters(journal, sending.state, backlog))


def rules_of(settings: Settings) -> RelayRules:
    """Raises UsageError."""
    if settings.upstream is None:
        raise UsageError("the relay needs its provider's address: --upstream wss://api.openai.com, say")
    return RelayRules(
        upstream=upstream_at(settings.upstream, settings.upstream_provider, settings.upstream_cafile),
        recording=RecordingRules(
            topic=settings.input_topic,
            client_topic=settings.relay_client_topic,
            max_event_bytes=settings.max_event_bytes,
            audio=settings.relay_audio,
            redaction=redaction_of(settings),
        ),
        connect_timeout=settings.upstream_timeout,
        max_connections=settings.ingest_max_connections,
        when_full=settings.journal_full,
    )


def limits_of(settings: Settings) -> JournalLimits:
    """Raises UsageError."""
    segment = settings.journal_max_bytes // 16
    return JournalLimits(
        max_bytes=settings.journal_max_bytes,
        segment_bytes=min(segment, 64 << 20),
        memory_bytes=settings.ingest_max_waiting_bytes,
        fsync=settings.journal_fsync,
        fsync_seconds=settings.journal_fsync_interval,
    )


def journal_folder(settings: Settings) -> Path:
    """Where the journal is: the setting, else a folder of this user's."""
    return Path(settings.journal_dir) if settings.journal_dir else data_dir() / "relay-journal"


def _server_tls(settings: Settings) -> ssl.SSLContext | None:
    if (files := tls_of(settings)) is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(*files)
    except OSError as error:
        raise UsageError(f"the certificate {files[0]} and key {files[1]} can't be used: {error}") from error
    return context


def raise_open_files(connections: int) -> None:
    """Let this process have as many files open as that many connections need, as far as the system allows."""
    needed = FILES_A_CONNECTION * connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
        if allowed < needed:
            log.warning("relay_few_open_files", allowed=allowed, needed=needed, setting="ingest_max_connections")


def _health(journal: JournalWriter, state: SenderState, backlog: Backlog) -> tuple[bool, dict[str, object]]:
    ill = state.error or journal.stats.last_error or journal.full or backlog.stands_still
    return not ill, journal_counters(journal, state, backlog)
