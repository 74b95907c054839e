"""Record of `{prefix}.responses`: a finished response."""

from __future__ import annotations

from pydantic import Field

from topics.models.common import ErrorInfo, JsonObject, Record, Rfc3339, Source


class Usage(Record):
    """Tokens of one response. Each is null where the provider told none; usage is never copied onto items."""

    input_tokens: int | None = Field(description="Tokens in.")
    output_tokens: int | None = Field(description="Tokens out.")
    total_tokens: int | None = Field(description="Tokens in and out.")
    input_text_tokens: int | None = Field(description="Of the tokens in: text.")
    input_audio_tokens: int | None = Field(description="Of the tokens in: audio.")
    input_image_tokens: int | None = Field(description="Of the tokens in: images.")
    cached_tokens: int | None = Field(description="Of the tokens in: read from the provider's cache.")
    cached_text_tokens: int | None = Field(description="Of the cached tokens: text.")
    cached_audio_tokens: int | None = Field(description="Of the cached tokens: audio.")
    output_text_tokens: int | None = Field(description="Of the tokens out: text.")
    output_audio_tokens: int | None = Field(description="Of the tokens out: audio.")
    reasoning_tokens: int | None = Field(description="Of the tokens out: reasoning.")


class Timing(Record):
    """How fast a response was, by the collector's clock. Each is null where an end of the span was not seen."""

    created_at: Rfc3339 | None = Field(description="When the response was created.")
    first_output_ms: int | None = Field(description="From its creation to its first output, in ms.")
    done_ms: int | None = Field(description="From its creation to its end, in ms.")
    speech_end_to_first_output_ms: int | None = Field(
        description="From the end of the user's speech to the first output, in ms: the wait as the user felt it."
    )


class Response(Record):
    """A response that the model finished, or that was cancelled or failed. It comes out once.

    Read one with `Response.model_validate_json(record.value)`.
    """

    schema_version: int = Field(description="Version of the record's schema: 1.", ge=1, examples=[1])
    id: str = Field(
        description="Id of this record, also header `ce_id`. The same session and response always give the same id."
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
        description="The provider's conversation; null until known, and for a response out of band."
    )
    provider: str | None = Field(
        description="Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, "
        "`azure-voice-live`, `yandex`, `xai`; any other string may come.",
        examples=["openai"],
    )
    tenant: str | None = Field(description="Header `ce_tenant`, copied; null where there is none.")
    model: str | None = Field(description="The session's model, as told so far.", examples=["gpt-realtime"])
    source: Source = Field(description="The event that ended the response.")
    warnings: list[str] = Field(description="Short codes for what could not be done with the response; an open set.")
    response_id: str | None = Field(description="The response's id, verbatim.")
    status: str | None = Field(
        description="The response's status, verbatim. Known today: `completed`, `cancelled`, `incomplete`, `failed`.",
        examples=["completed"],
    )
    status_reason: str | None = Field(
        description="Why it was cancelled or is incomplete, verbatim, such as `turn_detected`, `client_cancelled`, "
        "`max_output_tokens`, `content_filter`; else null.",
        examples=["turn_detected"],
    )
    error: ErrorInfo | None = Field(description="Why it failed; null where it did not.")
    item_ids: list[str] = Field(description="The items of its output, in order; see `item_id` of the item records.")
    output_modalities: list[str] | None = Field(
        description="What the response was to be made of, verbatim: `text`, `audio`; null where not told.",
        examples=[["audio"]],
    )
    voice: str | None = Field(description="The voice's name, where there is one.", examples=["marin"])
    metadata: JsonObject | None = Field(description="The response's own metadata, verbatim.")
    out_of_band: bool = Field(description="Whether the response belongs to no conversation.")
    usage: Usage | None = Field(description="Tokens of the response; null where the provider told none.")
    usage_raw: JsonObject | None = Field(description="The usage as the provider told it, verbatim.")
    timing: Timing = Field(description="How fast it was, by the collector's clock.")
    response: JsonObject = Field(
        description="The response as the provider sent it, verbatim, less audio bytes (`audio` values of content "
        "parts are dropped)."
    )
