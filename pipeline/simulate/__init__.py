"""Simulated Realtime sessions with a ledger of what must come out of them.

The same seed gives the same bytes. `sessions` writes whole sessions, `interleave` plays them as conversations that go
on at the same time.
"""

from pipeline.ledger import Expected
from pipeline.simulate.dialect import DIALECTS
from pipeline.simulate.faults import Faults
from pipeline.simulate.generate import session, sessions
from pipeline.simulate.interleave import interleave
from pipeline.simulate.model import SimulatedEvent, SimulatedSession
from pipeline.simulate.scenarios import SCENARIOS

__all__ = [
    "DIALECTS",
    "SCENARIOS",
    "Expected",
    "Faults",
    "SimulatedEvent",
    "SimulatedSession",
    "interleave",
    "session",
    "sessions",
]
