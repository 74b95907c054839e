"""The larger JSON bodies a provider sends: session, response and usage, one function a shape, keys in its order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.simulate.model import Json
from pipeline.simulate.words import Tool

_VAD: Json = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
_PCM: Json = {"type": "audio/pcm", "rate": 24000}


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a session's settings say. `transcription` is the model that writes down input audio, None where off."""

    session_id: str
    model: str
    voice: str
    modalities: list[str]
    instructions: str
    tools: tuple[Tool, ...]
    transcription: str | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """What a response says about itself. `status_details` is the provider's object or None."""

    response_id: str
    conversation_id: str | None
    status: str
    status_details: Any
    output: list[Json]
    modalities: list[str]
    voice: str
    usage: Json | None
    metadata: Json | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token counts of one response, in no provider's spelling; `reasoning` None where it is not told."""

    input_text: int
    input_audio: int
    input_image: int
    cached_text: int
    cached_audio: int
    output_text: int
    output_audio: int
    reasoning: int | None

    @property
    def input(self) -> int:
        return self.input_text + self.input_audio + self.input_image

    @property
    def output(self) -> int:
        return self.output_text + self.output_audio


def _schema(tool: Tool) -> Json:
    properties = {name: {"type": "string"} for name in tool.properties}
    return {"type": "object", "properties": properties, "required": list(tool.properties[:1])}


def _flat_tool(tool: Tool) -> Json:
    return {"type": "function", "name": tool.name, "description": tool.description, "parameters": _schema(tool)}


def _nested_tool(tool: Tool) -> Json:
    body = {"name": tool.name, "description": tool.description, "parameters": _schema(tool)}
    return {"type": "function", "function": body}


def ga_session(facts: SessionFacts, created: bool) -> Json:
    """OpenAI GA and Azure OpenAI; also the shape Yandex AI Studio follows."""
    transcription = {"model": facts.transcription, "language": None, "prompt": None} if facts.transcription else None
    turns = {**_VAD, "idle_timeout_ms": None, "create_response": True, "interrupt_response": True}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": facts.session_id,
        "model": facts.model,
        "output_modalities": ["audio"] if created else facts.modalities,
        "instructions": facts.instructions,
        "tools": [] if created else [_flat_tool(tool) for tool in facts.tools],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": facts.expires_at,
        "audio": {
            "input": {
                "format": _PCM,
                "transcription": None if created else transcription,
                "noise_reduction": None,
                "turn_detection": turns,
            },
            "output": {"format": _PCM, "voice": facts.voice, "speed": 1.0},
        },
        "include": None,
    }


def beta_session(facts: SessionFacts, created: bool) -> Json:
    """OpenAI before GA: everything flat."""
    transcription = {"model": facts.transcription, "language": None, "prompt": None} if facts.transcription else None
    return {
        "id": facts.session_id,
        "object": "realtime.session",
        "model": facts.model,
        "modalities": ["text", "audio"] if created else facts.modalities,
        "instructions": facts.instructions,
        "voice": facts.voice,
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_transcription": None if created else transcription,
        "turn_detection": {**_VAD, "create_response": True},
        "tools": [] if created else [_flat_tool(tool) for tool in facts.tools],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
        "expires_at": facts.expires_at,
    }


def voice_live_session(facts: SessionFacts, created: bool) -> Json:
    """Azure Voice Live: the beta shape with a voice object and more settings, most of them null."""
    transcription = {"model": facts.transcription, "language": None, "prompt": None} if facts.transcription else None
    if transcription is not None:
        transcription |= {"custom_speech": None, "phrase_list": None}
    turns: Json = {**_VAD, "create_response": True, "interrupt_response": True, "idle_timeout_ms": None}
    turns |= {"speech_duration_ms": None, "end_of_utterance_detection": None, "auto_truncate": False}
    unset = ("animation", "input_audio_echo_cancellation", "avatar", "output_audio_timestamp_types")
    more = ("truncation_strategy", "include", "greeting", "handoff")
    return {
        "id": facts.session_id,
        "model": facts.model,
        "modalities": ["audio"] if created else facts.modalities,
        "instructions": facts.instructions,
        "voice": {"name": facts.voice, "type": "openai"},
        "input_audio_format": "pcm16",
        "output_audio_format": None if created else "pcm16",
        "input_audio_transcription": None if created else transcription,
        "input_audio_noise_reduction": None,
        "turn_detection": {**turns, "appended_text_after_truncation": None},
        "tools": [] if created else [_flat_tool(tool) for tool in facts.tools],
        "tool_choice": "auto",
        "max_response_output_tokens": "inf",
        "expires_at": facts.expires_at,
        "object": "realtime.session",
        "input_audio_sampling_rate": 24000,
        **dict.fromkeys(unset + more),
    }


def xai_session(facts: SessionFacts, created: bool) -> Json:
    """xAI: `session.created` is short; `session.updated` repeats the settings without the session's id."""
    if created:
        return {
            "id": facts.session_id,
            "object": "realtime.session",
            "instructions": "",
            "voice": facts.voice,
            "modalities": ["audio"],
            "turn_detection": {"type": None},
            "tools": [],
            "model": facts.model,
        }
    transcription = {"model": facts.transcription} if facts.transcription else None
    audio_in: Json = {"format": _PCM, "transport": "json"}
    body: Json = {
        "instructions": facts.instructions,
        "enable_noise_suppression": True,
        "turn_detection": {"type": "server_vad", "create_response": True, "interrupt_response": True},
        "model": facts.model,
    }
    if facts.tools:
        body["tools"] = [_nested_tool(tool) for tool in facts.tools]
    body |= {"keep_context": False, "enable_phonetic_spelling": False}
    if transcription:
        body["input_audio_transcription"] = transcription
        audio_in["transcription"] = transcription
    return body | {
        "modalities": ["audio"],
        "input_audio_format": "not specified",
        "output_audio_format": "not specified",
        "tool_choice": "auto",
        "temperature": -1.0,
        "max_response_output_tokens": "inf",
        "audio": {"input": audio_in, "output": {"format": _PCM, "transport": "json"}},
    }


def ga_response(facts: ResponseFacts) -> Json:
    return {
        "object": "realtime.response",
        "id": facts.response_id,
        "status": facts.status,
        "status_details": facts.status_details,
        "output": facts.output,
        "conversation_id": facts.conversation_id,
        "output_modalities": facts.modalities,
        "max_output_tokens": "inf",
        "audio": {"output": {"format": _PCM, "voice": facts.voice}},
        "usage": facts.usage,
        "metadata": facts.metadata,
    }


def _beta_response(facts: ResponseFacts, voice: Any) -> Json:
    return {
        "object": "realtime.response",
        "id": facts.response_id,
        "status": facts.status,
        "status_details": facts.status_details,
        "output": facts.output,
        "usage": facts.usage,
        "conversation_id": facts.conversation_id,
        "modalities": facts.modalities,
        "voice": voice,
        "output_audio_format": "pcm16",
        "temperature": None,
        "max_output_tokens": "inf",
        "metadata": facts.metadata,
    }


def beta_response(facts: ResponseFacts) -> Json:
    return _beta_response(facts, facts.voice)


def voice_live_response(facts: ResponseFacts) -> Json:
    return _beta_response(facts, {"name": facts.voice, "type": "openai"})


def xai_response(facts: ResponseFacts) -> Json:
    """xAI knows no conversation in its responses, says nothing of use in `status_details` and keeps usage elsewhere."""
    return {
        "id": facts.response_id,
        "object": "realtime.response",
        "output": facts.output,
        "status": facts.status,
        "status_details": "unimplemented",
        "usage": {},
    }


def ga_usage(tokens: Tokens) -> Json:
    cached = {"text_tokens": tokens.cached_text, "audio_tokens": tokens.cached_audio, "image_tokens": 0}
    told: Json = {"text_tokens": tokens.output_text, "audio_tokens": tokens.output_audio}
    if tokens.reasoning is not None:
        told["reasoning_tokens"] = tokens.reasoning
    return {
        "total_tokens": tokens.input + tokens.output,
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "input_token_details": {
            "text_tokens": tokens.input_text,
            "audio_tokens": tokens.input_audio,
            "image_tokens": tokens.input_image,
            "cached_tokens": tokens.cached_text + tokens.cached_audio,
            "cached_tokens_details": cached,
        },
        "output_token_details": told,
    }


def voice_live_usage(tokens: Tokens) -> Json:
    usage = ga_usage(tokens)
    details: Json = usage["input_token_details"]
    usage["input_token_details"] = {"cached_tokens": details["cached_tokens"], **details}
    return usage


def xai_usage(tokens: Tokens) -> Json:
    return {
        "input_tokens": tokens.input,
        "input_token_details": {
            "text_tokens": tokens.input_text,
            "audio_tokens": tokens.input_audio,
            "grok_tokens": 0,
        },
        "output_tokens": tokens.output,
        "output_token_details": {
            "text_tokens": tokens.output_text,
            "audio_tokens": tokens.output_audio,
            "grok_tokens": 0,
        },
        "total_tokens": tokens.input + tokens.output,
        "output_audio_seconds": tokens.output_audio / 20,
        "billable_audio_seconds": tokens.output_audio // 20 + 1,
    }
