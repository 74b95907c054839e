"""Events about the session and the conversation as a whole."""

from __future__ import annotations

from typing import Any

from pipeline.core.state import Config
from pipeline.core.step import Step
from pipeline.core.values import list_or_none, object_or_none, text_or_none


def session_told(step: Step, body: dict[str, Any]) -> None:
    """`session.created`, `session.updated` and their transcription twins: id, model, tools, transcription."""
    told = object_or_none(body.get("session"))
    if told is None or not step.first_time():
        return
    config = step.session.config
    config.provider_session_id = text_or_none(told.get("id")) or config.provider_session_id
    config.model = text_or_none(told.get("model")) or config.model
    tools = list_or_none(told.get("tools"))
    if tools is not None:
        config.tools = tuple(name for name in map(_tool_name, tools) if name)
    _tell_transcription(config, told)


def conversation_created(step: Step, body: dict[str, Any]) -> None:
    """`conversation.created`: the conversation's id."""
    told = object_or_none(body.get("conversation"))
    config = step.session.config
    if told is not None and step.first_time():
        config.conversation_id = text_or_none(told.get("id")) or config.conversation_id


def _tool_name(tool: object) -> str | None:
    """The name of a declared tool; xAI has it one level down, in `function` (recorded)."""
    told = object_or_none(tool) or {}
    return text_or_none(told.get("name")) or text_or_none((object_or_none(told.get("function")) or {}).get("name"))


def _tell_transcription(config: Config, told: dict[str, Any]) -> None:
    """Where transcription is configured: `audio.input.transcription`, in the beta dialect `input_audio_transcription`.

    A session that tells neither has none, unless an earlier event told of one.
    """
    input_ = object_or_none((object_or_none(told.get("audio")) or {}).get("input")) or {}
    holders = [(input_, "transcription"), (told, "input_audio_transcription")]
    present = [holder[name] for holder, name in holders if name in holder]
    chosen = next((one for one in map(object_or_none, present) if one is not None), None)
    if chosen is not None:
        config.transcription = True
        config.transcription_model = text_or_none(chosen.get("model"))
    elif present or config.transcription is None:
        config.transcription = False
        config.transcription_model = None
