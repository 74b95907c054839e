"""How long things take in a simulated conversation, in milliseconds: (shortest, longest), drawn evenly."""

from __future__ import annotations

Gap = tuple[int, int]

AT_ONCE: Gap = (0, 3)
TOKEN: Gap = (6, 45)
SOUND: Gap = (15, 60)
SERVER_STEP: Gap = (1, 12)
THINK: Gap = (150, 900)
PERSON_PAUSE: Gap = (400, 4_000)
SPEECH: Gap = (900, 5_000)
SILENCE: Gap = (200, 500)
TOOL_RUN: Gap = (40, 2_500)
MCP_RUN: Gap = (80, 1_800)
TRANSCRIPT_SOON: Gap = (120, 700)
TRANSCRIPT_LATE: Gap = (6_000, 25_000)
"""Long enough that the answer is over first."""
