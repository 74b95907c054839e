"""Audio that a client sends: how long it is, and where somebody speaks in it."""

from __future__ import annotations

import math
import sys
from array import array
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FRAME_MS = 20
LOUD = 500
"""Peak of a frame, out of 32,767, from which it counts as speech."""


@dataclass(frozen=True, slots=True)
class Format:
    """One channel. `companded`: how a byte of G.711 is turned so that its low seven bits rise with loudness."""

    rate: int
    sample_bytes: int
    companded: int | None = None


PCM = Format(24_000, 2)
FORMATS = {
    "audio/pcm": PCM,
    "pcm16": PCM,
    "audio/pcmu": Format(8_000, 1, 0xFF),
    "g711_ulaw": Format(8_000, 1, 0xFF),
    "audio/pcma": Format(8_000, 1, 0x55),
    "g711_alaw": Format(8_000, 1, 0x55),
}
_LOUD_COMPANDED = 0x30


def _tone(hertz: float, milliseconds: int = 100) -> str:
    """A soft tone as PCM in base64; whole periods, so that the next one goes on without a click."""
    samples = array(
        "h", (int(2_000 * math.sin(2 * math.pi * hertz * n / PCM.rate)) for n in range(PCM.rate * milliseconds // 1000))
    )
    if sys.byteorder == "big":
        samples.byteswap()
    return b64encode(samples.tobytes()).decode()


TONES = tuple(_tone(hertz) for hertz in (200, 220, 240, 250, 260, 280, 300, 320)) * 32
"""What the model's voice sounds like: the 256 pieces of audio that its deltas are drawn from."""

Heard = tuple[Literal["started", "stopped"], int]
"""Speech begins or ends, and where in all the audio so far (ms)."""


class Ear:
    """Listens to one session's audio. Times are of the audio, not of a clock."""

    def __init__(self) -> None:
        self.format = PCM
        self.heard_ms = 0.0
        self.buffered_ms = 0.0
        """Since the buffer was last committed or cleared."""
        self.speaking = False
        self._quiet_ms = 0.0
        self._rest = b""

    def listen(self, audio: bytes, silence_ms: float | None) -> Iterator[Heard]:
        """Takes audio in; `silence_ms` without speech end it. None: nobody listens for speech."""
        frame_bytes = self.format.rate * FRAME_MS // 1000 * self.format.sample_bytes
        self.buffered_ms += self._milliseconds(len(audio))
        data = self._rest + audio
        whole = len(data) - len(data) % frame_bytes
        self._rest = data[whole:]
        for start in range(0, whole, frame_bytes):
            self.heard_ms += FRAME_MS
            if silence_ms is None:
                continue
            if self._is_loud(data[start : start + frame_bytes]):
                self._quiet_ms = 0
                if not self.speaking:
                    self.speaking = True
                    yield "started", max(0, int(self.heard_ms) - FRAME_MS)
            elif self.speaking:
                self._quiet_ms += FRAME_MS
                if self._quiet_ms >= silence_ms:
                    self.speaking = False
                    yield "stopped", int(self.heard_ms)

    def empty(self) -> None:
        """The buffer was committed or cleared."""
        self.buffered_ms = 0.0
        self.speaking = False
        self._quiet_ms = 0.0

    def _milliseconds(self, size: int) -> float:
        return size / self.format.sample_bytes / self.format.rate * 1000

    def _is_loud(self, frame: bytes) -> bool:
        if self.format.companded is not None:
            return any((byte ^ self.format.companded) & 0x7F > _LOUD_COMPANDED for byte in frame)
        samples = array("h", frame)
        if sys.byteorder == "big":
            samples.byteswap()
        return max(max(samples), -min(samples)) > LOUD
