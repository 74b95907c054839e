"""Every setting, once: name, type, default and what it means.

A setting `session_idle` is the flag `--session-idle`, the variable `ITEMSTREAM_SESSION_IDLE` and the TOML key
`session_idle`. Flags win over the environment, the environment over the TOML file, the file over the default.
`pipeline.settings_load.load_settings` reads them.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, JsonValue, PrivateAttr, SecretStr, StringConstraints
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

if TYPE_CHECKING:
    from pipeline.core import CoreSettings

ENV_PREFIX = "ITEMSTREAM_"
DEFAULT_SOURCE = "default"

NO_FLAG: dict[str, JsonValue] = {"flag": False}
"""Marks a setting that comes from the environment or the TOML file only."""

# Prefix and group become part of topic names; Kafka allows 249 of these characters in one.
NamePart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$", max_length=200)]
Servers = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$|^\[[0-9a-fA-F:]+\]:\d+$")
]
Url = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://\S+$")]


def _split(value: Any) -> Any:
    return tuple(part for rule in value.split(";") if (part := rule.strip())) if isinstance(value, str) else value


# One text in flags and environment, a list in TOML.
Rules = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """What is in force. Immutable; `source_of` tells where each value came from."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    bootstrap_servers: Servers = Field("127.0.0.1:9092", description="Kafka brokers, host:port separated by commas.")
    prefix: NamePart = Field("realtime", description="Prefix of every output topic.")
    group: NamePart = Field(
        "itemstream", description="Consumer group; also names the transactions and the state's changelog."
    )
    input_topic: NamePart = Field("realtime.server-events", description="Topic the server events are read from.")
    delivery: Literal["exactly-once", "at-least-once"] = Field(
        "exactly-once", description="exactly-once: Kafka transactions; at-least-once: nothing lost, repeats possible."
    )

    session_idle: float = Field(900, gt=0, description="Seconds without events until a session's open items come out.")
    session_retention: float = Field(7200, gt=0, description="Seconds without events until a session is forgotten.")
    max_event_bytes: int = Field(1_048_576, ge=1024, description="Larger input records are rejected as too_large.")
    max_output_bytes: int = Field(
        16_000_000, ge=1024, description="An event whose output record would be larger is rejected as too_large."
    )
    max_items_per_session: int = Field(1000, ge=1, description="Items of one session kept; the oldest leave first.")

    reject_limit_ratio: float = Field(
        0.95, gt=0, le=1, description="Stop the worker when more than this share of the last records was rejected."
    )
    reject_limit_window: int = Field(
        10_000, ge=0, description="How many records that share is taken over; 0: no limit."
    )

    rebuild_state: bool = Field(
        False, description="State this release can't read, or that is gone, is made anew from the input."
    )
    transaction_timeout_ms: int = Field(
        60_000, ge=1000, description="Milliseconds until Kafka aborts the transaction of a worker that vanished."
    )
    session_timeout_ms: int = Field(
        10_000, ge=1000, description="Milliseconds without a heartbeat until a worker loses its partitions."
    )
    fetch_max_bytes: int = Field(8_388_608, ge=1024, description="Bytes of one fetch from a broker.")
    max_partition_fetch_bytes: int = Field(2_097_152, ge=1024, description="Bytes of one partition in one fetch.")
    batch_max_records: int = Field(2000, ge=1, description="Records of one partition in one transaction.")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for people or for machines.")
    progress_limit: float = Field(
        120, gt=0, description="Seconds without progress while records wait, after which the worker ends itself."
    )
    stats_interval: float = Field(10, gt=0, description="Seconds between two log lines with the worker's counters.")
    tracing: bool = Field(
        False, description="A span of every batch, exported as OpenTelemetry's variables OTEL_… say (extra `tracing`)."
    )
    web_host: str = Field("127.0.0.1", description="Address of a worker's or collector's own web server.")
    web_port: int = Field(0, ge=0, le=65535, description="Port of that server: metrics and health; 0: none.")

    ingest_host: str = Field(
        "127.0.0.1", min_length=1, description="Address a collector listens on; other than loopback needs ingest_keys."
    )
    ingest_port: int = Field(8088, ge=0, le=65535, description="Port of the HTTP collector; 0: any free one.")
    ingest_keys: str | None = Field(None, description="File of the bearer keys that a collector asks for.")
    ingest_redact: Rules = Field(
        (), description="What a collector takes out of events: JSONPaths or module:function, separated by semicolons."
    )
    ingest_tls_certfile: str | None = Field(None, description="File of a collector's certificate (chain): TLS.")
    ingest_tls_keyfile: str | None = Field(None, description="File of the certificate's key.")
    ingest_timeout: float = Field(
        10, gt=0, description="Seconds a collector waits for Kafka before it tells the sender to try again."
    )
    ingest_max_waiting_bytes: int = Field(
        67_108_864, ge=1024, description="Bytes of events a collector holds that Kafka has not acknowledged."
    )
    ingest_max_body_bytes: int = Field(16_777_216, ge=1024, description="Bytes of one HTTP request, a batch included.")
    ingest_max_batch_events: int = Field(10_000, ge=1, description="Events of one batch over HTTP.")
    ingest_max_connections: int = Field(1000, ge=1, description="Connections a collector serves at a time.")
    ingest_tenant_events_per_second: float = Field(0, ge=0, description="Of a tenant, per collector; 0: no limit.")
    ingest_tenant_bytes_per_second: float = Field(0, ge=0, description="Of a tenant, per collector; 0: no limit.")
    ingest_tenant_connections: int = Field(
        0, ge=0, description="Of a tenant at a time: connections of the relay, requests over HTTP; 0: no limit."
    )

    upstream: str | None = Field(None, description="Provider the relay connects to, such as wss://api.openai.com.")
    upstream_provider: NamePart | None = Field(None, description="Its name in events; known by the host where not set.")
    upstream_cafile: str | None = Field(None, description="File of the authority of its certificate, for one's own.")
    upstream_timeout: float = Field(10, gt=0, description="Seconds until it must be connected, and as many to answer.")
    relay_port: int = Field(8089, ge=0, le=65535, description="Port the relay listens on; 0: any free one.")
    relay_audio: bool = Field(False, description="Audio stays in the events the relay records.")
    relay_client_topic: NamePart | None = Field(
        None, description="Topic the relay records client events in; not set: it does not."
    )
    relay_patience: float = Field(10, ge=0, description="Seconds calls have to end when the relay is told to stop.")
    journal_dir: str | None = Field(None, description="Folder of the relay's journal; one relay each.")
    journal_max_bytes: int = Field(1_073_741_824, ge=65_536, description="Bytes the journal may take on disk.")
    journal_fsync: Literal["none", "interval", "always"] = Field(
        "interval", description="When the disk must have an event: when it likes, soon, or before it is acknowledged."
    )
    journal_fsync_interval: float = Field(0.1, gt=0, description="Seconds that `interval` means by soon.")
    journal_full: Literal["drop", "refuse", "close"] = Field(
        "drop",
        description="A full journal: drop new events and count them; also refuse new connections; also close old ones.",
    )

    console_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address the console listens on; other than loopback needs to know who asks.",
    )
    console_port: int = Field(8090, ge=0, le=65535, description="Port the console listens on; 0: any free one.")
    console_hosts: Rules = Field(
        (), description="Further host names it answers to on loopback, or the only ones elsewhere; by semicolons."
    )
    console_tokens: str | None = Field(None, description="File of the tokens of those who use the console.")
    console_identity_header: NamePart | None = Field(
        None, description="Header in which a reverse proxy says who asks, such as X-Forwarded-User."
    )
    console_proxies: Rules = Field(
        ("127.0.0.1", "::1"), description="Addresses or networks of that proxy; from others the header is ignored."
    )
    console_operators: Rules = Field(
        (), description="Whom the proxy names that may redrive and replay; the others may look. By semicolons."
    )
    console_local_role: Literal["viewer", "operator"] = Field(
        "viewer", description="What one may do on a console on loopback that asks nobody who they are."
    )
    console_raw_events: bool = Field(True, description="The console shows the provider's events, read from Kafka.")
    console_store: str | None = Field(
        None, description="The console's store: a file (SQLite), or postgresql://…. Default: a file of the user's."
    )
    console_retention: float = Field(
        30, ge=0, description="Days until a session without news leaves the console's store; 0: it stays."
    )
    console_redact: Rules = Field(
        (), description="What is taken out of records before the console stores them: as ingest_redact, of records."
    )
    console_prices: str | None = Field(None, description="TOML file of what tokens cost; not set: no costs are shown.")

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to the brokers."
    )
    ssl_cafile: str | None = Field(None, description="File of the certificate authority that signed the brokers' keys.")
    ssl_certfile: str | None = Field(None, description="File of the client's certificate.")
    ssl_keyfile: str | None = Field(None, description="File of the client's key.")
    # Secrets have no flag: a command line is visible to every user of the machine.
    ssl_keypassword: SecretStr | None = Field(
        None, description="Password of the client's key.", json_schema_extra=NO_FLAG
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        "PLAIN", description="How to log in."
    )
    sasl_username: str | None = Field(None, description="User to log in as (PLAIN, SCRAM).")
    sasl_password: SecretStr | None = Field(
        None, description="Password to log in with (PLAIN, SCRAM).", json_schema_extra=NO_FLAG
    )
    sasl_oauth_token_url: Url | None = Field(
        None, description="Where OAUTHBEARER gets its tokens: OAuth 2.0 client credentials."
    )
    sasl_oauth_client_id: str | None = Field(None, description="Client id at the token endpoint.")
    sasl_oauth_client_secret: SecretStr | None = Field(
        None, description="Client secret at the token endpoint.", json_schema_extra=NO_FLAG
    )
    sasl_oauth_scope: str | None = Field(None, description="Scope to ask the token endpoint for.")
    sasl_oauth_cafile: str | None = Field(
        None, description="File of the certificate authority of the token endpoint. Default: the system's."
    )

    _sources: dict[str, str] = PrivateAttr(default_factory=dict[str, str])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `load_settings` reads the sources one by one, so that it knows where each value came from.
        return (init_settings,)

    def source_of(self, name: str) -> str:
        """Where a setting's value came from: `--prefix`, `ITEMSTREAM_PREFIX`, a file's path, or `default`."""
        return self._sources.get(name, DEFAULT_SOURCE)

    def core_settings(self) -> "CoreSettings":
        """The part the pure core is told."""
        from pipeline import __version__
        from pipeline.core import CoreSettings

        return CoreSettings(
            prefix=self.prefix,
            version=__version__,
            session_idle_ms=round(self.session_idle * 1000),
            session_retention_ms=round(self.session_retention * 1000),
            max_event_bytes=self.max_event_bytes,
            max_output_bytes=self.max_output_bytes,
            max_items=self.max_items_per_session,
        )

    def connection(self) -> dict[str, Any]:
        """Keyword arguments for any aiokafka client, beside `bootstrap_servers`: encryption and login.

        Raises UsageError naming the setting that is missing or wrong.
        """
        from pipeline.security.connection import connection

        return connection(self)


def flag_of(name: str) -> str:
    """The flag of a setting: `session_idle` → `--session-idle`."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """The environment variable of a setting: `session_idle` → `ITEMSTREAM_SESSION_IDLE`."""
    return ENV_PREFIX + name.upper()
