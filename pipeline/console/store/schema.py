"""The store's tables, the same in SQLite and PostgreSQL. What only one of them has is in `dialects.py`.

A conversation item, or a response, is an entry: `entries` says where it stands, `records` holds every revision of it as
it was on its topic, `texts` what one can search for. The other tables are sums of these, kept in the same transaction.
Times are milliseconds since the epoch; a text that is not known is null, in keys it is empty.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text
from sqlalchemy.sql.schema import SchemaItem

SCHEMA_VERSION = 1
"""Rises with every change of a table; a store of another version is read again from the topics."""

metadata = MetaData()

COUNTS = (
    "items",
    "messages",
    "tool_calls",
    "tool_failures",
    "responses",
    "failed_responses",
    "failed_transcripts",
    "interrupted",
    "input_tokens",
    "output_tokens",
    "total_tokens",
)
"""Columns of `sessions` that are sums over its entries."""

TOKENS = (
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "input_audio_tokens",
    "cached_audio_tokens",
    "output_audio_tokens",
    "total_tokens",
)
"""Columns of `usage`, beside `responses`, by the names of a response's usage."""


def _number(name: str, **more: object) -> Column[int]:
    return Column(name, BigInteger, nullable=False, **more)  # pyright: ignore[reportArgumentType]


def _key(name: str, kind: type[BigInteger | SmallInteger | Integer] = BigInteger) -> Column[int]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _text_key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _table(name: str, *columns: SchemaItem, clustered: bool = False) -> Table:
    """clustered: rows lie in the order of the key, where the database can do that."""
    return Table(name, metadata, *columns, sqlite_with_rowid=not clustered)


meta = _table("meta", _text_key("name"), Column("value", Text, nullable=False))

topics = _table("topics", _key("topic", SmallInteger), Column("name", Text, nullable=False, unique=True))

# All before `next` has been read. `told` is a digest of the record at `last`, the last one that was read: whether the
# topic is still the same one.
positions = _table(
    "positions",
    _key("topic", SmallInteger),
    _key("partition", Integer),
    _number("next"),
    Column("last", BigInteger),
    Column("told", LargeBinary),
)

sessions = _table(
    "sessions",
    _key("sid"),
    Column("session_id", Text, nullable=False, unique=True),
    *(Column(name, Text) for name in ("provider", "tenant", "model", "conversation_id", "provider_session_id")),
    # Of what sequence the last three are: the highest that knew one says it.
    *(_number(name) for name in ("model_at", "conversation_at", "provider_session_at")),
    _number("first_at"),
    _number("last_at"),
    *(_count(name) for name in COUNTS),
    # Revisions that are stored: it rises whenever anything of the session changes.
    _count("records"),
    Column("preview", Text),
    _number("preview_rank"),
    Column("failed", Boolean, nullable=False),
    Column("cut", Boolean, nullable=False),
)
Index("sessions_by_time", sessions.c.last_at, sessions.c.sid, sessions.c.first_at)
Index("sessions_by_provider", sessions.c.provider, sessions.c.last_at, sessions.c.sid, sessions.c.first_at)
Index("sessions_by_tenant", sessions.c.tenant, sessions.c.last_at, sessions.c.sid, sessions.c.first_at)
Index("sessions_by_model", sessions.c.model)
Index(
    "sessions_failed",
    sessions.c.last_at,
    sessions.c.sid,
    sqlite_where=sessions.c.failed.is_(True),
    postgresql_where=sessions.c.failed.is_(True),
)
Index(
    "sessions_cut",
    sessions.c.last_at,
    sessions.c.sid,
    sqlite_where=sessions.c.cut.is_(True),
    postgresql_where=sessions.c.cut.is_(True),
)

# `last_at` is the session's: the newest sessions of a tool are found without a look at the others.
session_tools = _table(
    "session_tools", _key("sid"), _text_key("tool"), _count("calls"), _number("last_at"), clustered=True
)
Index("session_tools_by_time", session_tools.c.tool, session_tools.c.last_at, session_tools.c.sid)

Kind = Literal["item", "response"]
KINDS: tuple[Kind, Kind] = ("item", "response")
ITEM, RESPONSE = range(2)

# `id` rises as entries come in first. `record` is the one with the highest revision. `behind` is the item that an item
# follows, or the last item of a response.
entries = _table(
    "entries",
    _key("sid"),
    _key("kind", SmallInteger),
    _text_key("name"),
    Column("id", BigInteger, nullable=False, unique=True),
    _number("record"),
    Column("record_type", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("revisions", Integer, nullable=False),
    _number("sequence"),
    _number("at"),
    Column("behind", Text),
    clustered=True,
)

records = _table(
    "records",
    _key("id"),
    _number("entry"),
    Column("revision", Integer, nullable=False),
    Column("topic", SmallInteger, nullable=False),
    Column("partition", Integer, nullable=False),
    _number("offset"),
    Column("value", LargeBinary, nullable=False),
)
Index("records_by_entry", records.c.entry, records.c.revision, unique=True)

# Of the latest revision of an entry, by its id.
texts = _table("texts", _key("id"), _number("sid"), Column("body", Text, nullable=False))
Index("texts_by_session", texts.c.sid, texts.c.id)

FUNCTION, MCP = 0, 1

# `seen`: the call itself came out; its answer may be read before it.
calls = _table(
    "calls",
    _key("sid"),
    _text_key("item"),
    Column("kind", SmallInteger, nullable=False),
    Column("seen", Boolean, nullable=False),
    Column("server_label", Text),
    Column("name", Text),
    _number("at"),
    Column("answered", Boolean, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("latency_ms", BigInteger),
    clustered=True,
)
Index("calls_by_time", calls.c.at)

usage = _table(
    "usage",
    _key("hour"),
    *(_text_key(name) for name in ("provider", "tenant", "model")),
    _count("responses"),
    *(_count(name) for name in TOKENS),
    clustered=True,
)

rejected = _table(
    "rejected",
    _key("id"),
    Column("partition", Integer, nullable=False),
    _number("offset"),
    _number("at"),
    Column("session_id", Text),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("original_topic", Text),
    Column("original_partition", BigInteger),
    Column("original_offset", BigInteger),
    Column("original_at", BigInteger),
    Column("value", Text, nullable=False),
    Column("binary", Boolean, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("mark_start", Integer),
    Column("mark_end", Integer),
)
Index("rejected_by_place", rejected.c.partition, rejected.c.offset, unique=True)
Index("rejected_by_reason", rejected.c.reason, rejected.c.id)
Index("rejected_by_session", rejected.c.session_id)
Index("rejected_by_time", rejected.c.at)

reject_counts = _table("reject_counts", _text_key("reason"), _count("count"))

erased = _table("erased", _text_key("session_id"))
