"""Token usage, flat, from wherever the provider puts it."""

from __future__ import annotations

from typing import Any

from pipeline.core.values import int_or_none, object_or_none

_PATHS: dict[str, tuple[str, ...]] = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "total_tokens": ("total_tokens",),
    "input_text_tokens": ("input_token_details", "text_tokens"),
    "input_audio_tokens": ("input_token_details", "audio_tokens"),
    "input_image_tokens": ("input_token_details", "image_tokens"),
    "cached_tokens": ("input_token_details", "cached_tokens"),
    "cached_text_tokens": ("input_token_details", "cached_tokens_details", "text_tokens"),
    "cached_audio_tokens": ("input_token_details", "cached_tokens_details", "audio_tokens"),
    "output_text_tokens": ("output_token_details", "text_tokens"),
    "output_audio_tokens": ("output_token_details", "audio_tokens"),
    "reasoning_tokens": ("output_token_details", "reasoning_tokens"),
}


def raw_usage(response: dict[str, Any], event: dict[str, Any]) -> dict[str, Any] | None:
    """The response's usage; the event's where the response has none (xAI, recorded)."""
    for holder in (response, event):
        usage = object_or_none(holder.get("usage"))
        if usage:
            return usage
    return None


def flat_usage(raw: dict[str, Any] | None) -> dict[str, int | None] | None:
    """Every figure by its name in the record; None for those not told."""
    if raw is None:
        return None
    return {name: int_or_none(_at(raw, path)) for name, path in _PATHS.items()}


def _at(raw: dict[str, Any], path: tuple[str, ...]) -> object:
    found: object = raw
    for name in path:
        found = (object_or_none(found) or {}).get(name)
    return found
