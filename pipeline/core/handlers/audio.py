"""Events about what the user speaks: voice detection, the committed buffer, transcripts."""

from __future__ import annotations

from typing import Any

from pipeline.core.handlers.parts import content_index
from pipeline.core.publish import revise
from pipeline.core.reject import Rejection
from pipeline.core.step import Step
from pipeline.core.transcript import completed, failed
from pipeline.core.values import int_or_none, text_or_none


def speech_started(step: Step, body: dict[str, Any]) -> None:
    """`input_audio_buffer.speech_started`: the user speaks; who spoke until now is interrupted."""
    if _speech(step, body, "start_ms", body.get("audio_start_ms")):
        for reply in step.session.running.values():
            if not reply.barged:
                step.touch(reply)
                reply.barged = True


def speech_stopped(step: Step, body: dict[str, Any]) -> None:
    """`input_audio_buffer.speech_stopped`: the next response answers this."""
    if _speech(step, body, "end_ms", body.get("audio_end_ms")):
        step.touch(step.session.cursor)
        step.session.cursor.speech_end_ms = step.told.ms


def committed(step: Step, body: dict[str, Any]) -> None:
    """`input_audio_buffer.committed`: the spoken message is whole; tells its predecessor."""
    item = step.item(body.get("item_id"))
    if item is not None:
        item.committed = True
        item.tell_previous(text_or_none(body.get("previous_item_id")), "committed")
        revise(step, item, "joined")


def transcription_completed(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.input_audio_transcription.completed`: the last one wins; a partial one is none."""
    transcript: object = body.get("transcript")
    if transcript is not None and not isinstance(transcript, str):
        raise Rejection("item_invalid", "the event's `transcript` is not a text")
    if body.get("status") == "in_progress":
        step.checked_id(body.get("item_id"), "item_id")
        return
    _transcribed(step, body, completed(body, transcript or "", step.session.config.transcription_model))


def transcription_failed(step: Step, body: dict[str, Any]) -> None:
    """`conversation.item.input_audio_transcription.failed`."""
    _transcribed(step, body, failed(body, step.session.config.transcription_model))


def _transcribed(step: Step, body: dict[str, Any], transcript: dict[str, Any]) -> None:
    index = content_index(body)
    item = step.item(body.get("item_id"))
    if item is not None:
        item.transcripts = {**(item.transcripts or {}), index: transcript}
        revise(step, item, "transcription")


def _speech(step: Step, body: dict[str, Any], bound: str, told: object) -> bool:
    """Note a bound of the item's speech. False where the event was already applied."""
    if body.get("item_id") is None:
        return step.first_time()
    item = step.item(body["item_id"])
    if item is None:
        return False
    item.speech = {"start_ms": None, "end_ms": None, **(item.speech or {}), bound: int_or_none(told)}
    revise(step, item, "joined")
    return True
