"""Fields of a `Message`."""

from __future__ import annotations

from typing import Any

from pipeline.core.content import modality_of, parts_of, text_of
from pipeline.core.enrich.values import NO_WARNINGS, NONE, Fields
from pipeline.core.state import Item, Session
from pipeline.core.transcript import transcript_of
from pipeline.core.values import text_or_none


def message(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """Who said what, and how it was said."""
    role = text_or_none(document.get("role"))
    parts = parts_of(item, document)
    transcript = transcript_of(item, parts, session.config)
    text = text_of(parts)
    if text is None and transcript is not None and transcript["state"] == "final":
        text = ""  # heard, and nothing was said
    content: dict[str, Any] = {
        "role": role,
        "phase": text_or_none(document.get("phase")),
        "text": text,
        "parts": parts,
        "modality": modality_of(parts),
        "origin": "user_audio" if transcript is not None else "model" if item.response_id is not None else "client",
        "speech": item.speech,
        "interrupted": item.heard_ms is not None or item.barged,
        "heard_ms": item.heard_ms,
    }
    if transcript is not None and transcript["state"] in ("pending", "disabled"):
        return content, {"transcript": transcript}, NO_WARNINGS
    content["transcript"] = transcript
    return content, NONE, NO_WARNINGS
