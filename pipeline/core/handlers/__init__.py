"""What each type of event does: one table. A type that is not in it changes nothing and is not even parsed.

Several providers and API versions have a name each for the same thing; they share a handler here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.core.handlers.audio import committed, speech_started, speech_stopped, transcription_completed
from pipeline.core.handlers.audio import transcription_failed as _transcription_failed
from pipeline.core.handlers.items import added, created, deleted, done, output_added, output_done, retrieved, truncated
from pipeline.core.handlers.mcp import call_completed, call_failed, call_started, list_completed, list_failed
from pipeline.core.handlers.parts import arguments_done, part_done, text_done, transcript_done
from pipeline.core.handlers.responses import response_created, response_done
from pipeline.core.handlers.session import conversation_created, session_told
from pipeline.core.step import Step

Handler = Callable[[Step, dict[str, Any]], None]

HANDLERS: dict[str, Handler] = {
    "session.created": session_told,
    "session.updated": session_told,
    "transcription_session.created": session_told,
    "transcription_session.updated": session_told,
    "conversation.created": conversation_created,
    "conversation.item.added": added,
    "conversation.item.created": created,
    "conversation.item.done": done,
    "conversation.item.retrieved": retrieved,
    "conversation.item.truncated": truncated,
    "conversation.item.deleted": deleted,
    "conversation.item.input_audio_transcription.completed": transcription_completed,
    "conversation.item.input_audio_transcription.failed": _transcription_failed,
    "input_audio_buffer.speech_started": speech_started,
    "input_audio_buffer.speech_stopped": speech_stopped,
    "input_audio_buffer.committed": committed,
    "response.created": response_created,
    "response.done": response_done,
    "response.output_item.added": output_added,
    "response.output_item.done": output_done,
    "response.content_part.done": part_done,
    "response.output_text.done": text_done,
    "response.text.done": text_done,
    "response.output_audio_transcript.done": transcript_done,
    "response.audio_transcript.done": transcript_done,
    "response.function_call_arguments.done": arguments_done,
    "response.mcp_call_arguments.done": arguments_done,
    "response.mcp_call.in_progress": call_started,
    "response.mcp_call.completed": call_completed,
    "response.mcp_call.failed": call_failed,
    "mcp_list_tools.completed": list_completed,
    "mcp_list_tools.failed": list_failed,
}

WITHOUT_SESSION = frozenset({"conversation.item.done", "response.done"})
"""What an event of no session can be: the events that say a thing whole. All others need what came before them."""

FIRST_OUTPUTS = frozenset(
    {
        "response.output_text.delta",
        "response.text.delta",
        "response.output_audio.delta",
        "response.audio.delta",
        "response.output_audio_transcript.delta",
        "response.audio_transcript.delta",
        "response.function_call_arguments.delta",
        "response.mcp_call_arguments.delta",
    }
)
"""Types that matter once a response: the first of them is its first output. The others change nothing."""

__all__ = ["FIRST_OUTPUTS", "HANDLERS", "WITHOUT_SESSION", "Handler"]
