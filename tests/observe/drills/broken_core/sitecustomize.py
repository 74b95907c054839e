"""A core with a mistake in it, for the alert that tells of one: Python imports this first where it is on PYTHONPATH."""

from typing import Any

from pipeline.core.handlers import HANDLERS


def _mistaken(step: Any, body: Any) -> None:
    raise ZeroDivisionError("a mistake, made on purpose")


HANDLERS["input_audio_buffer.speech_started"] = _mistaken
