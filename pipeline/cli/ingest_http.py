"""`itemstream ingest http`: events by POST."""

from pipeline.cli.options import with_settings
from pipeline.cli.starting import start_logs
from pipeline.settings import Settings

HTTP_SETTINGS = (
    "bootstrap_servers",
    "input_topic",
    "ingest_host",
    "ingest_port",
    "ingest_keys",
    "ingest_redact",
    "ingest_tls_certfile",
    "ingest_tls_keyfile",
    "ingest_timeout",
    "ingest_max_waiting_bytes",
    "ingest_max_body_bytes",
    "ingest_max_batch_events",
    "ingest_max_connections",
    "ingest_tenant_events_per_second",
    "ingest_tenant_bytes_per_second",
    "ingest_tenant_connections",
    "max_event_bytes",
    "web_host",
    "web_port",
    "log_level",
    "log_format",
)


@with_settings(*HTTP_SETTINGS)
def http(settings: Settings) -> None:
    """Take events by POST until a signal; 200 once Kafka has acknowledged. /docs on its port says how.

    SIGTERM and Ctrl-C stop it: what is in flight is still answered.
    """
    from pipeline.ingest.http.serve import serve
    from pipeline.worker.process import run_until_signalled

    start_logs(settings)
    run_until_signalled(lambda stop: serve(settings, stop))
