"""`itemstream ingest relay`: between an application and its provider."""

from pipeline.cli.options import with_settings
from pipeline.cli.starting import start_logs
from pipeline.settings import Settings


@with_settings(
    "upstream", "upstream_provider", "upstream_cafile", "upstream_timeout", "relay_port", "relay_audio",
    "relay_client_topic", "relay_patience", "journal_dir", "journal_max_bytes", "journal_fsync",
    "journal_fsync_interval", "journal_full", "ingest_host", "ingest_keys", "ingest_redact",
    "ingest_tls_certfile", "ingest_tls_keyfile", "ingest_max_connections", "ingest_max_waiting_bytes",
    "ingest_tenant_connections", "max_event_bytes", "bootstrap_servers", "input_topic", "web_host", "web_port",
    "log_level", "log_format",
)  # fmt: skip
def relay(settings: Settings) -> None:
    """Stand between applications and their provider: every byte passes, every server event goes to Kafka.

    An application points its Realtime client's base URL here and changes nothing else. Events are written to a journal
    on disk and sent from there, each once; calls never wait for Kafka, nor for the disk.
    """
    from pipeline.ingest.relay.run import run_relay
    from pipeline.worker.process import run_until_signalled

    start_logs(settings)
    run_until_signalled(lambda stop: run_relay(settings, stop))
