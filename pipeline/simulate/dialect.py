"""The providers' dialects as data: what differs between them on the wire, and nothing else.

Modelled on recorded sessions of each provider; Yandex AI Studio on its published event schemas, since no recording of
it was at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.simulate import bodies
from pipeline.simulate.bodies import ResponseFacts, SessionFacts, Tokens
from pipeline.simulate.ids import OPENAI_IDS, UUID_IDS, IdStyle
from pipeline.simulate.model import Json

FLAT_ITEM_FIELDS = ("role", "status", "content", "call_id", "name", "arguments", "output", "metadata")
"""Yandex sends every field of its one flat item type, most of them null."""

ALL_SCENARIOS = frozenset(
    {"item_done", "mcp", "responses_items", "out_of_band", "images", "retrieve", "multi_part_output"}
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one provider writes its events.

    models: one is drawn a session. told_phases: those of them that mark a message as commentary or final answer, and
    count reasoning.
    envelope: which key comes first, `type` or `event_id`; `xai` adds `previous_item_id` to every event.
    opened_by: the event that opens an item. item_done: whether `conversation.item.done` is sent.
    names: prefix of an output event in OpenAI GA → its prefix here. contents: content type in GA → its name in items
    here. item_object: items carry `object`. flat_item: items carry every field, null where unused.
    part_twice: content_part events carry the part in `content` as well. part_done: what `content_part.done` tells of
    the part's text. output_done: what `output_item.done` carries of a message's content.
    obfuscation: deltas carry padding. transcription: how the transcript of input audio arrives.
    usage_on_event: usage stands beside the response, not in it. reasoning_told: usage counts reasoning, whatever the
    model. conversation_in_response: responses name their conversation.
    speaking_status: the status of a user's audio item as it opens. audio_only: answers come as audio with a
    transcript, never as text. conversation_created, pings, rate_limits: events of its own that it sends.
    features: scenarios it takes part in, of those that not all do.
    """

    name: str
    provider: str
    models: tuple[str, ...]
    voice: str
    transcriber: str
    ids: IdStyle
    envelope: Literal["type_first", "event_id_first", "xai"]
    opened_by: str
    item_done: bool
    names: dict[str, str]
    contents: dict[str, str]
    session: Callable[[SessionFacts, bool], Json]
    response: Callable[[ResponseFacts], Json]
    usage: Callable[[Tokens], Json]
    item_object: bool = False
    flat_item: bool = False
    part_twice: bool = False
    part_done: Literal["full", "empty_text", "none"] = "full"
    output_done: Literal["full", "none"] = "full"
    obfuscation: bool = False
    transcription: Literal["deltas", "completed", "partials"] = "deltas"
    usage_on_event: bool = False
    conversation_in_response: bool = True
    speaking_status: str = "completed"
    audio_only: bool = False
    conversation_created: bool = False
    pings: bool = False
    rate_limits: bool = False
    told_phases: tuple[str, ...] = ()
    reasoning_told: bool = False
    features: frozenset[str] = frozenset()


_GA_NAMES = {"text": "response.output_text", "audio": "response.output_audio"}
_BETA_NAMES = {"text": "response.text", "audio": "response.audio"}
_GA_CONTENTS = {"output_text": "output_text", "output_audio": "output_audio"}
_BETA_CONTENTS = {"output_text": "text", "output_audio": "audio"}

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            name="openai",
            provider="openai",
            models=("gpt-realtime", "gpt-realtime-2"),
            told_phases=("gpt-realtime-2",),
            voice="marin",
            transcriber="gpt-4o-transcribe",
            ids=OPENAI_IDS,
            envelope="type_first",
            opened_by="conversation.item.added",
            item_done=True,
            names=_GA_NAMES,
            contents=_GA_CONTENTS,
            session=bodies.ga_session,
            response=bodies.ga_response,
            usage=bodies.ga_usage,
            obfuscation=True,
            rate_limits=True,
            features=ALL_SCENARIOS - {"responses_items"},
        ),
        Dialect(
            name="openai-beta",
            provider="openai",
            models=("gpt-4o-realtime-preview",),
            voice="sage",
            transcriber="whisper-1",
            ids=OPENAI_IDS,
            envelope="event_id_first",
            opened_by="conversation.item.created",
            item_done=False,
            names=_BETA_NAMES,
            contents=_BETA_CONTENTS,
            session=bodies.beta_session,
            response=bodies.beta_response,
            usage=bodies.ga_usage,
            item_object=True,
            transcription="completed",
            rate_limits=True,
            features=frozenset({"out_of_band", "multi_part_output"}),
        ),
        Dialect(
            name="azure-openai",
            provider="azure-openai",
            models=("gpt-realtime",),
            voice="alloy",
            transcriber="gpt-realtime-whisper",
            ids=OPENAI_IDS,
            envelope="type_first",
            opened_by="conversation.item.added",
            item_done=True,
            names=_GA_NAMES,
            contents=_GA_CONTENTS,
            session=bodies.ga_session,
            response=bodies.ga_response,
            usage=bodies.ga_usage,
            part_twice=True,
            obfuscation=True,
            features=ALL_SCENARIOS - {"responses_items"},
        ),
        Dialect(
            name="azure-voice-live",
            provider="azure-voice-live",
            models=("gpt-realtime-global-standard",),
            voice="alloy",
            transcriber="azure-speech",
            ids=OPENAI_IDS,
            envelope="event_id_first",
            opened_by="conversation.item.created",
            item_done=False,
            names=_BETA_NAMES,
            contents=_BETA_CONTENTS,
            session=bodies.voice_live_session,
            response=bodies.voice_live_response,
            usage=bodies.voice_live_usage,
            item_object=True,
            part_done="empty_text",
            transcription="completed",
            reasoning_told=True,
        ),
        Dialect(
            name="xai",
            provider="xai",
            models=("grok-voice-latest",),
            voice="ara",
            transcriber="grok-transcribe",
            ids=UUID_IDS,
            envelope="xai",
            opened_by="conversation.item.added",
            item_done=False,
            names=_GA_NAMES,
            contents={"output_text": "output_text", "output_audio": "audio"},
            session=bodies.xai_session,
            response=bodies.xai_response,
            usage=bodies.xai_usage,
            item_object=True,
            part_done="none",
            output_done="none",
            transcription="partials",
            usage_on_event=True,
            conversation_in_response=False,
            speaking_status="in_progress",
            audio_only=True,
            conversation_created=True,
            pings=True,
        ),
        Dialect(
            name="yandex",
            provider="yandex",
            models=("speech-realtime-250923",),
            voice="dasha",
            transcriber="general",
            ids=UUID_IDS,
            envelope="type_first",
            opened_by="conversation.item.added",
            item_done=True,
            names=_GA_NAMES,
            contents=_GA_CONTENTS,
            session=bodies.ga_session,
            response=bodies.ga_response,
            usage=bodies.ga_usage,
            item_object=True,
            flat_item=True,
            transcription="completed",
            features=frozenset({"item_done", "mcp", "responses_items", "images"}),
        ),
    )
}
