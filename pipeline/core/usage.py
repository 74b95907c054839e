"""Token usage, flat, from wherever the provider puts it."""

from __future__ import annotations

from typing import Any

from pipeline.core.values import int_or_none, object_or_none


def raw_usage(response: dict[str, Any], event: dict[str, Any]) -> dict[str, Any] | None:
    """The response's usage; the event's where the response has none (xAI, recorded)."""
    return object_or_none(response.get("usage")) or object_or_none(event.get("usage")) or None


def flat_usage(raw: dict[str, Any] | None) -> dict[str, int | None] | None:
    """Every figure by its name in the record; None for those not told."""
    if raw is None:
        return None
    input_ = object_or_none(raw.get("input_token_details")) or {}
    cached = object_or_none(input_.get("cached_tokens_details")) or {}
    output = object_or_none(raw.get("output_token_details")) or {}
    return {
        "input_tokens": int_or_none(raw.get("input_tokens")),
        "output_tokens": int_or_none(raw.get("output_tokens")),
        "total_tokens": int_or_none(raw.get("total_tokens")),
        "input_text_tokens": int_or_none(input_.get("text_tokens")),
        "input_audio_tokens": int_or_none(input_.get("audio_tokens")),
        "input_image_tokens": int_or_none(input_.get("image_tokens")),
        "cached_tokens": int_or_none(input_.get("cached_tokens")),
        "cached_text_tokens": int_or_none(cached.get("text_tokens")),
        "cached_audio_tokens": int_or_none(cached.get("audio_tokens")),
        "output_text_tokens": int_or_none(output.get("text_tokens")),
        "output_audio_tokens": int_or_none(output.get("audio_tokens")),
        "reasoning_tokens": int_or_none(output.get("reasoning_tokens")),
    }
