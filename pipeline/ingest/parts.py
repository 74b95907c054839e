"""The parts of a collector, made from the settings."""

from __future__ import annotations

import ipaddress
import logging
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.ingest.access import Access
from pipeline.ingest.keys import KeyStore
from pipeline.ingest.limits import Limits
from pipeline.ingest.redact import Redaction, compile_rules
from pipeline.ingest.writer import EventWriter
from pipeline.settings import Settings


def writer_of(settings: Settings) -> EventWriter:
    """Not started yet."""
    if settings.log_level != "debug":
        # It tells every try to reconnect, thirty lines a second; the writer says what matters of it.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    return EventWriter(
        settings.bootstrap_servers,
        settings.input_topic,
        connection=settings.connection(),
        max_waiting_bytes=settings.ingest_max_waiting_bytes,
        request_timeout=settings.ingest_timeout,
    )


def access_of(settings: Settings) -> Access:
    """Raises UsageError where the collector would be open to the network, ItemstreamError on a bad key file."""
    if settings.ingest_keys is None and not is_loopback(settings.ingest_host):
        raise UsageError(
            f"setting ingest_host = {settings.ingest_host}: whoever reaches it could write events; name a key file "
            "with --ingest-keys (itemstream ingest keys add TENANT makes one)"
        )
    defaults = Limits(
        events_per_second=settings.ingest_tenant_events_per_second or None,
        bytes_per_second=settings.ingest_tenant_bytes_per_second or None,
        connections=settings.ingest_tenant_connections or None,
        max_event_bytes=settings.max_event_bytes,
    )
    return Access(KeyStore(Path(settings.ingest_keys)) if settings.ingest_keys else None, defaults)


def redaction_of(settings: Settings) -> Redaction | None:
    """Raises UsageError naming the rule that is wrong."""
    return compile_rules(settings.ingest_redact)


def tls_of(settings: Settings) -> tuple[str, str] | None:
    """Files of certificate and key; None without TLS. Raises UsageError where one of them is missing."""
    cert, key = settings.ingest_tls_certfile, settings.ingest_tls_keyfile
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise UsageError("TLS needs both settings: ingest_tls_certfile and ingest_tls_keyfile")
    for name, file in (("ingest_tls_certfile", cert), ("ingest_tls_keyfile", key)):
        if not Path(file).is_file():
            raise UsageError(f"setting {name}: there is no file {file}")
    return cert, key


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
