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

_CUTS = {
    type_: re.compile(rb'("' + field + rb'"\s*:\s*")[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
    for type_, field in _AUDIO_OF.items()
}


def without_audio(type_: str | None, value: bytes) -> bytes:
    """The event with its audio made an empty text; unchanged where its type carries none.

    Quotation marks inside of JSON texts are escaped, so what looks like the field is the field.
    """
    cut = _CUTS.get(type_ or "")
    return value if cut is None else cut.sub(rb'\1"', value)
