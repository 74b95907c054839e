"""The transcript of a message's input audio: which state it is in and what it says."""

from __future__ import annotations

from math import exp
from typing import Any, cast

from pipeline.core.content import words_of
from pipeline.core.enrich.values import error_of
from pipeline.core.state import Config, Item
from pipeline.core.values import text_or_none


def completed(body: dict[str, Any], text: str, model: str | None) -> dict[str, Any]:
    """What is kept of a completed transcription."""
    return _transcript("final", text, model, body)


def failed(body: dict[str, Any], model: str | None) -> dict[str, Any]:
    """What is kept of a failed transcription."""
    return _transcript("failed", None, model, body)


def with_model(transcripts: dict[str, dict[str, Any]], model: str | None) -> dict[str, dict[str, Any]]:
    """The transcripts with `model` on those that were told of none."""
    return {index: {**one, "model": one["model"] or model} for index, one in transcripts.items()}


def transcript_of(item: Item, parts: list[dict[str, Any]], config: Config) -> dict[str, Any] | None:
    """The record's `transcript`; None where the message has no input audio.

    Several audio parts: the last one in order that failed decides, else all must be final; texts are joined.
    """
    audio = [part for part in parts if part["type"] == "input_audio"]
    if not audio:
        return None
    told = [item.transcripts[index] for index in sorted(item.transcripts, key=int)] if item.transcripts else []
    spoken = [said for said in map(words_of, audio) if said is not None]
    worst = next((one for one in told[::-1] if one["state"] == "failed"), None)
    if worst is not None:
        return {**worst, "text": "\n".join(spoken) or None}
    if told and len(told) >= len(audio):
        return {**told[-1], "text": "\n".join(spoken)}
    if spoken and len(spoken) == len(audio):  # the item itself carries its transcript: seeded, or retrieved
        return _transcript("final", "\n".join(spoken), None, {})
    state = "disabled" if config.transcription is False else "pending"
    return _transcript(state, "\n".join(spoken) or None, config.transcription_model, {})


def _transcript(state: str, text: str | None, model: str | None, body: dict[str, Any]) -> dict[str, Any]:
    usage = body.get("usage")
    return {
        "state": state,
        "text": text,
        "model": text_or_none(body.get("model")) or model,
        "languages": _languages(body),
        "confidence": _confidence(body),
        "usage": usage if isinstance(usage, dict) else None,
        "error": error_of(body.get("error")),
    }


def _languages(body: dict[str, Any]) -> list[str] | None:
    told = body.get("languages") or body.get("language")
    if isinstance(told, str):
        return [told]
    if isinstance(told, list):
        codes = [_language(one) for one in cast(list[Any], told)]
        return [code for code in codes if code is not None] or None
    return None


def _language(told: object) -> str | None:
    if isinstance(told, dict):
        entry = cast(dict[str, Any], told)
        return text_or_none(entry.get("code")) or text_or_none(entry.get("language"))
    return text_or_none(told)


def _confidence(body: dict[str, Any]) -> float | None:
    """As told, else the geometric mean of the tokens' probabilities where their log probabilities are told."""
    told = body.get("confidence")
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return float(told)
    tokens = body.get("logprobs")
    if not isinstance(tokens, list):
        return None
    logs: list[float] = []
    for token in cast(list[Any], tokens):
        value: object = cast(dict[str, Any], token).get("logprob") if isinstance(token, dict) else token
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            logs.append(min(float(value), 0.0))
    return round(exp(sum(logs) / len(logs)), 4) if logs else None
