"""What records have in common: the fields of every item record, and the small objects inside records.

Rules that hold for every record of version 1:

- every field is always there; what is not known is null;
- fields may be added within a version, so a reader must ignore those it does not know (these models do);
- sets of values that the provider may extend are plain strings, with the values known today in the description.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JsonObject = dict[str, Any]
"""A JSON object as the provider sent it."""

Rfc3339 = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""A point in time, as in `2026-01-31T12:00:00.123Z`."""

Cause = Literal[
    "item_done",
    "output_item_done",
    "response_done",
    "transcription",
    "truncated",
    "deleted",
    "joined",
    "session_idle",
    "item_retrieved",
    "replayed",
]
PredecessorSource = Literal["added", "created", "committed", "done"]
Outcome = Literal["succeeded", "failed", "unknown"]


class Record(BaseModel):
    """Base of everything in here: unknown fields are ignored, types are exact, records do not change once read."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Source(Record):
    """Where the event that made a record was read."""

    topic: str = Field(description="Topic of the event; the file's name where no Kafka was involved.")
    partition: int = Field(description="Partition of the event; 0 where no Kafka was involved.")
    offset: int = Field(description="Offset of the event; the line number where no Kafka was involved.")
    event_id: str | None = Field(description="The provider's `event_id`; null where the event has none.")
    event_type: str | None = Field(
        description="The provider's event type, verbatim; an open set.",
        examples=["conversation.item.done", "response.done"],
    )
    sequence: int | None = Field(
        description="Header `ce_sequence` of the event, rising per connection; the offset where it has none."
    )
    received_at: Rfc3339 | None = Field(
        description="When the collector received the event (header `ce_time`, else the record's timestamp)."
    )


class ErrorInfo(Record):
    """An error as the provider told it. Further keys of the provider's may follow."""

    model_config = ConfigDict(extra="allow")

    type: str | None = Field(description="Kind of error, by the provider's names.", examples=["http_error"])
    code: str | int | None = Field(description="The provider's error code.", examples=["audio_unintelligible", 503])
    message: str | None = Field(description="The provider's message, verbatim.")


class ItemRecord(Record):
    """The fields of every item record. One record is one revision of one item."""

    schema_version: int = Field(description="Version of the record's schema: 1.", ge=1, examples=[1])
    id: str = Field(
        description="Id of this record, also header `ce_id`. The same session, item and revision always give the "
        "same id, so it serves to drop repeats."
    )
    revision: int = Field(
        ge=1, description="Rises by one per item of a session, from 1; the highest revision of an item is the truth."
    )
    cause: Cause = Field(
        description="What made this revision: `item_done`, `output_item_done` and `response_done` are the events "
        "that finished the item; `transcription` a transcript that was completed or failed; `truncated` and "
        "`deleted` the item's being cut or removed; `joined` something told apart from the item, such as its "
        "predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the "
        "client's having asked for the item; `replayed` a replay that wrote the record anew."
    )
    session_sequence: int = Field(
        ge=1,
        description="Rises by one per record of the session, over all item topics and `responses`: a reader of all "
        "these topics sees each number once, and can sort by it.",
    )
    session_id: str | None = Field(
        description="The session, as the collector named it (header `ce_sessionid`, else the input record's key); "
        "null where the event belongs to no session."
    )
    conversation_id: str | None = Field(
        description="The provider's conversation, from `response.*` and `conversation.created`; null until known."
    )
    provider: str | None = Field(
        description="Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, "
        "`azure-voice-live`, `yandex`, `xai`; any other string may come.",
        examples=["openai", "azure-openai"],
    )
    tenant: str | None = Field(description="Header `ce_tenant`, copied; null where there is none.")
    provider_session_id: str | None = Field(
        description="`session.id` as `session.created` or `session.updated` told it. Differs from `session_id` "
        "where the collector attached late and had to make up its own."
    )
    item_id: str | None = Field(description="The item's id, verbatim; null where the provider gave it none.")
    item_type: str | None = Field(
        description="The item's type, verbatim; an open set.", examples=["message", "function_call"]
    )
    status: str | None = Field(
        description="The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where "
        "the provider told none.",
        examples=["completed"],
    )
    previous_item_id: str | None = Field(
        description="The item before this one in the conversation; null where it is the first, or where nothing "
        "told it (then `previous_item_source` is null too)."
    )
    previous_item_source: PredecessorSource | None = Field(
        description="Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the "
        "input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it."
    )
    response_id: str | None = Field(
        description="The response that made the item; null for items of the user and the client."
    )
    output_index: int | None = Field(description="The item's place in its response's output, from 0; else null.")
    model: str | None = Field(
        description="The session's model, where a response made the item; else null.", examples=["gpt-realtime"]
    )
    opened_at: Rfc3339 | None = Field(
        description="When the item was opened, by the collector's clock; null where its opening was not seen."
    )
    done_at: Rfc3339 | None = Field(
        description="When the item was finished, by the collector's clock; null where that was not seen."
    )
    deleted: bool = Field(description="Whether the item was deleted from the conversation.")
    metadata: JsonObject | None = Field(description="The item's own metadata, verbatim.")
    source: Source = Field(
        description="The event that caused this revision; for `session_idle`, which no event causes, the last one "
        "about the item."
    )
    item: JsonObject = Field(
        description="The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped)."
    )
    warnings: list[str] = Field(
        description="Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.",
        examples=[["arguments_not_json"]],
    )
