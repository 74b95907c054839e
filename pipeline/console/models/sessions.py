"""Sessions, their conversations, and the events behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.console.models.base import Model
from topics.models.common import JsonObject, Rfc3339


class Facets(Model):
    """Values there are to filter by."""

    providers: list[str]
    tenants: list[str]
    models: list[str]
    tools: list[str]


class SnippetPart(Model):
    """A piece of the text in which something was found."""

    text: str
    match: bool


class SessionSummary(Model):
    """One session, in the latest revisions of what belongs to it."""

    session_id: str
    provider: str | None
    tenant: str | None
    model: str | None
    conversation_id: str | None
    first_at: Rfc3339 | None
    last_at: Rfc3339 | None
    items: int
    messages: int
    tool_calls: int = Field(description="Function and MCP calls.")
    tool_failures: int
    responses: int
    failed_responses: int
    failed_transcripts: int = Field(description="Messages of which the provider could not make a transcript.")
    interrupted: int = Field(description="Messages that the user interrupted.")
    rejected: int = Field(description="Events of the session that could not be used.")
    input_tokens: int
    output_tokens: int
    total_tokens: int
    tools: list[str] = Field(description="Names of the tools that were called.")
    preview: str | None = Field(description="What was said first, shortened.")
    snippet: list[SnippetPart] | None = Field(description="Where the search found something; null without a search.")


class SessionDetail(SessionSummary):
    """One session, with what the list does not show."""

    provider_session_id: str | None
    total_entries: int = Field(description="Of its timeline.")


class SessionPage(Model):
    """Sessions, newest activity first."""

    sessions: list[SessionSummary]
    next_cursor: str | None


class Entry(Model):
    """An item or a response of a conversation."""

    kind: Literal["item", "response"]
    position: int = Field(description="Place in the timeline, from 0.")
    id: str = Field(description="Of the item or response.")
    record_type: str = Field(description="Such as `message`, `function_call`, `response`.")
    revisions: int = Field(description="How many there are of it.")
    topic: str
    record: JsonObject = Field(description="The latest revision, as it is on the topic.")


class Timeline(Model):
    """A stretch of a conversation, in its order."""

    total: int
    offset: int
    entries: list[Entry]


class Revision(Model):
    """One record of an item."""

    topic: str
    partition: int
    offset: int
    record: JsonObject


class Revisions(Model):
    """All that is kept of an item, ascending."""

    revisions: list[Revision]


class RawEvent(Model):
    """A server event, as it is in the input topic."""

    topic: str
    partition: int
    offset: int
    at: Rfc3339 | None = Field(description="When the collector received it.")
    event_type: str | None
    event_id: str | None
    value: str = Field(description="The provider's JSON. What is no UTF-8 is escaped.")


class RawEvents(Model):
    """The events of a session, or those behind one item."""

    events: list[RawEvent]
    complete: bool = Field(description="False where there are more, or where Kafka does not keep them any longer.")
    note: str | None
