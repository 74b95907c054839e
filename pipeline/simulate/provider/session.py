"""A session's settings: what the client asked for, laid over what the provider begins with."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

from pipeline.simulate.model import Json
from pipeline.simulate.provider.audio import FORMATS, PCM, Format
from pipeline.simulate.provider.errors import missing, unknown, wrong_type, wrong_value

TYPED = ("openai", "azure-openai")
"""Dialects in which a `session.update` says `type`, and which refuse the names of the beta."""
BETA_ONLY = (
    "modalities",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "turn_detection",
    "temperature",
    "max_response_output_tokens",
)
DEFAULT_SILENCE_MS = 500
_ABSENT = object()


class Session:
    """The settings in force, in the dialect's own shape; read by what they mean."""

    def __init__(self, body: Json, dialect: str) -> None:
        self.body = deepcopy(body)
        self._dialect = dialect

    def update(self, patch: Json) -> None:
        """What a `session.update` changes. Raises BadEvent."""
        if self._dialect in TYPED:
            if "type" not in patch:
                raise missing("session.type")
            if patch["type"] != "realtime":
                raise wrong_value("session.type", patch["type"], ("realtime", "transcription"))
            for name in BETA_ONLY:
                if name in patch:
                    raise unknown(f"session.{name}")
        for name in ("tools", "output_modalities", "modalities"):
            if not isinstance(patch.get(name, []), list):
                raise wrong_type(f"session.{name}", "an array", patch[name])
        _merge(self.body, patch)

    @property
    def modalities(self) -> list[str]:
        """Of answers, in the words of the session."""
        return self._first("output_modalities", "modalities", default=["audio"])

    @property
    def tools(self) -> list[Json]:
        return self.body.get("tools") or []

    @property
    def tool_choice(self) -> Any:
        return self.body.get("tool_choice", "auto")

    @property
    def transcribes(self) -> bool:
        return bool(self._first("audio.input.transcription", "input_audio_transcription", default=None))

    @property
    def turn_detection(self) -> Json | None:
        """None where the client says itself when the person has finished."""
        return self._first("turn_detection", "audio.input.turn_detection", default={"type": "server_vad"})

    @property
    def silence_ms(self) -> float | None:
        """How long a silence ends what is said; None: none does."""
        turns = self.turn_detection
        return None if turns is None else turns.get("silence_duration_ms") or DEFAULT_SILENCE_MS

    @property
    def voice(self) -> str | None:
        told = self._first("audio.output.voice", "voice", default=None)
        return _named(told, "name")

    @property
    def audio_format(self) -> Format:
        told = self._first("audio.input.format", "input_audio_format", default=None)
        known = FORMATS.get(_named(told, "type") or "", PCM)
        rate = _dig(told, "rate")
        return Format(rate, PCM.sample_bytes) if known is PCM and isinstance(rate, int) and rate > 0 else known

    def _first(self, *paths: str, default: Any) -> Any:
        """What stands at the first of these paths that is there; it may be null."""
        found = (_dig(self.body, path) for path in paths)
        return next((value for value in found if value is not _ABSENT), default)


def _dig(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return _ABSENT
        value = cast(Json, value)[name]
    return value


def _named(told: Any, key: str) -> str | None:
    """A name, told as text or as an object that has it under this key."""
    name = cast(Json, told).get(key) if isinstance(told, dict) else told
    return name if isinstance(name, str) else None


def _merge(into: Json, patch: Json) -> None:
    for name, value in patch.items():
        old = into.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(cast(Json, old), cast(Json, value))
        else:
            into[name] = deepcopy(value)
