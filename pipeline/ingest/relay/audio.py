"""Events less their audio, everything else byte for byte."""

from __future__ import annotations

import re

_AUDIO_OF = {
    "response.output_audio.delta": b"delta",
    "response.audio.delta": b"delta",
    "conversation.item.retrieved": b"audio",
    # Of clients:
    "input_audio_buffer.append": b"audio",
    "conversation.item.create": b"audio",
}
"""Event type → the field that is audio."""

_BEGINNINGS = {type_: re.compile(rb'"' + field + rb'"\s*:\s*"') for type_, field in _AUDIO_OF.items()}
_TO_THE_END = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*(?=")', re.DOTALL)


def without_audio(type_: str | None, value: bytes) -> bytes:
    """The event with its audio made an empty text; unchanged where its type carries none.

    Quotation marks inside of JSON texts are escaped, so what looks like the field is the field.
    """
    beginning = _BEGINNINGS.get(type_ or "")
    if beginning is None:
        return value
    kept: list[bytes] = []
    at = 0
    while (found := beginning.search(value, at)) is not None:
        start = found.end()
        end = value.find(b'"', start)
        if value.find(b"\\", start, end) >= 0:  # rare: Base64 with escaped slashes
            text = _TO_THE_END.match(value, start)
            end = text.end() if text else -1
        if end < 0:
            break
        kept.append(value[at:start])
        at = end
    return b"".join((*kept, value[at:])) if kept else value
