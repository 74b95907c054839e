"""A response that is going on, and how one is broken off: the same again from its seed, up to where it got."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from pipeline.simulate.answers import respond
from pipeline.simulate.model import Json
from pipeline.simulate.outputs import Output
from pipeline.simulate.talk import Entry, Talk


@dataclass(slots=True)
class Response:
    """What it was asked for, and how much of it has been said.

    begins_ms, last_item: where the conversation stood. sent: events said so far, the last one at `sent_until_ms`;
    `said_at`: their places in the log of all that was said.
    """

    number: int
    seed: str
    outputs: list[Output]
    begins_ms: int
    last_item: str | None
    sent_until_ms: int
    said_at: list[int]
    out_of_band: bool = False
    modalities: list[str] | None = None
    metadata: Json | None = None

    def write(self, talk: Talk, *, ending: str = "completed", cut_at: int | None = None) -> list[Entry]:
        """All its events. The same ones each time, up to `cut_at`, where it breaks off."""
        talk.now = self.begins_ms
        talk.last_item = self.last_item
        kept, talk.entries = talk.entries, []
        with _drawing(talk, Random(self.seed)):
            respond(
                talk,
                self.outputs,
                ending=ending,
                out_of_band=self.out_of_band,
                cut_at=cut_at,
                modalities=self.modalities,
                metadata=self.metadata,
            )
        written, talk.entries = talk.entries, kept
        return written


@contextmanager
def _drawing(talk: Talk, rng: Random) -> Generator[None]:
    """Everything random comes from `rng` meanwhile."""
    own = talk.rng
    talk.rng = talk.wire.rng = rng
    try:
        yield
    finally:
        talk.rng = talk.wire.rng = own
