"""Record of `{prefix}.items.messages`: what was said or written."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from topics.models.common import ErrorInfo, ItemRecord, JsonObject, Record


class Part(Record):
    """One part of a message's content. Keys a part does not have may be absent; further keys may be there."""

    model_config = ConfigDict(extra="allow")

    type: str | None = Field(
        description="Canonical type, the same for every provider: `input_text`, `input_audio`, `input_image`, "
        "`output_text`, `output_audio`; others verbatim.",
        examples=["input_text", "output_audio"],
    )
    text: str | None = Field(default=None, description="The text of a text part.")
    transcript: str | None = Field(default=None, description="What was said in an audio part.")
    image_url: str | None = Field(default=None, description="Address or data URL of an image part.")


class Transcript(Record):
    """The transcript of a message's input audio."""

    state: Literal["pending", "final", "failed", "disabled"] = Field(
        description="`pending`: may still come, in a later revision; `final`: there, even where the text is empty; "
        "`failed`: the provider could not, see `error`; `disabled`: the session has no transcription configured."
    )
    text: str | None = Field(description="What was said, as far as it is known; empty where nothing was, else null.")
    model: str | None = Field(
        description="The model that transcribes, as the transcript told it, else the session's configuration.",
        examples=["gpt-4o-mini-transcribe"],
    )
    languages: list[str] | None = Field(description="Languages told by the provider, else null.", examples=[["en"]])
    confidence: float | None = Field(
        description="How sure the provider is, 0 to 1: as told, else the geometric mean of the tokens' probabilities "
        "where those are told; else null.",
        examples=[0.93],
    )
    usage: JsonObject | None = Field(
        description="What the transcription cost, as the provider told it: tokens or seconds."
    )
    error: ErrorInfo | None = Field(description="Why the transcription failed; null unless `state` is `failed`.")


class Speech(Record):
    """Where the speech lies in the session's input audio, by the provider's voice detection."""

    start_ms: int | None = Field(description="Start of speech, in ms of input audio from the session's start.")
    end_ms: int | None = Field(description="End of speech, in ms of input audio from the session's start.")


class Message(ItemRecord):
    """A message of the user, the model or the system.

    Read one with `Message.model_validate_json(record.value)`.
    """

    role: str | None = Field(
        description="Whose message it is, verbatim. Known today: `user`, `assistant`, `system`.",
        examples=["user", "assistant"],
    )
    phase: str | None = Field(
        description="The item's phase, verbatim, where the provider tells one, such as `commentary` or "
        "`final_answer`; else null.",
        examples=["final_answer"],
    )
    text: str | None = Field(
        description="All text and transcripts of the parts, in order, joined by a newline; null while there is none, "
        "empty where speech was transcribed and nothing was said."
    )
    parts: list[Part] = Field(description="The parts of the content, in order, types made canonical.")
    modality: Literal["text", "audio", "image", "mixed"] | None = Field(
        description="What the parts are; `mixed` for more than one kind, null where there are none."
    )
    origin: Literal["user_audio", "model", "client"] = Field(
        description="Where the message came from: `user_audio` spoken into the session, `model` generated, `client` "
        "put into the conversation by the client."
    )
    transcript: Transcript | None = Field(description="Null where the message has no input audio.")
    speech: Speech | None = Field(description="Null where no voice detection told of speech for this message.")
    interrupted: bool = Field(
        description="Whether the message was cut short: it was truncated, or left incomplete as the user cut in."
    )
    heard_ms: int | None = Field(
        description="How much of the audio the user heard before it was cut, in ms; null where it was not cut."
    )
