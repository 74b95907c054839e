"""Events about the session and the conversation as a whole."""

from __future__ import annotations

from typing import Any, cast

from pipeline.core.event import Event, text_or_none
from pipeline.core.state import Config
from pipeline.core.step import Step


def session_told(step: Step, body: dict[str, Any]) -> None:
    """`session.created`, `session.updated` and their transcription twins: id, model, tools, transcription."""
    session: object = body.get("session")
    config = step.session.config
    step.touch(config)
    if not isinstance(session, dict) or not config.apply_once(cast(Event, step.event).identity):
        return
    told = cast(dict[str, Any], session)
    config.provider_session_id = text_or_none(told.get("id")) or config.provider_session_id
    config.model = text_or_none(told.get("model")) or config.model
    tools: object = told.get("tools")
    if isinstance(tools, list):
        entries = [cast(dict[str, Any], tool) for tool in cast(list[Any], tools) if isinstance(tool, dict)]
        config.tools = tuple(name for name in (text_or_none(tool.get("name")) for tool in entries) if name)
    _transcription(config, told)


def conversation_created(step: Step, body: dict[str, Any]) -> None:
    """`conversation.created`: the conversation's id."""
    conversation: object = body.get("conversation")
    config = step.session.config
    step.touch(config)
    if isinstance(conversation, dict) and config.apply_once(cast(Event, step.event).identity):
        told = cast(dict[str, Any], conversation)
        config.conversation_id = text_or_none(told.get("id")) or config.conversation_id


def _transcription(config: Config, told: dict[str, Any]) -> None:
    """Where transcription is configured: `audio.input.transcription`, in the beta dialect `input_audio_transcription`.

    A session that tells neither has none, unless an earlier event told of one.
    """
    audio: object = told.get("audio")
    input_: object = cast(dict[str, Any], audio).get("input") if isinstance(audio, dict) else None
    holders = [(input_, "transcription"), (told, "input_audio_transcription")]
    present = [
        cast(dict[str, Any], holder)[name] for holder, name in holders if isinstance(holder, dict) and name in holder
    ]
    chosen = next((one for one in present if isinstance(one, dict)), None)
    if chosen is not None:
        config.transcription = True
        config.transcription_model = text_or_none(cast(dict[str, Any], chosen).get("model"))
    elif present or config.transcription is None:
        config.transcription = False
        config.transcription_model = None
