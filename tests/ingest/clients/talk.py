"""The conversation that every client holds: a written turn, a round of a tool, a spoken turn."""

from __future__ import annotations

import math
from array import array

QUESTION = "Can you move my appointment to Thursday?"
PARCEL = "Where is my parcel?"
PARCEL_STATE = "It is at the neighbour's."
TOOL = "find_parcel"


def sound(milliseconds: int, *, loud: bool = True) -> bytes:
    """PCM, 16 bits, 24 kHz: a tone, or silence."""
    return array("h", (int(8_000 * math.sin(n / 9)) if loud else 0 for n in range(24 * milliseconds))).tobytes()


SPOKEN = sound(600) + sound(800, loud=False)
"""Somebody says something, and stops."""
