"""The named points of a batch and of a start at which tests break things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

FaultPoint = Literal[
    "producer-started",  # the former owner is fenced, nothing read yet
    "restoring",  # the first state records are read
    "restored",  # state complete, no record flows yet
    "processed",  # the core is done, nothing sent
    "begun",  # the transaction is open (exactly once only)
    "outputs-sent",  # outputs (exactly once: and state) are on their way; at least once: acknowledged
    "changelog-sent",  # the state is acknowledged, the offset is next (at least once only)
    "offsets-sent",  # all of the transaction is acknowledged, the commit is next (exactly once only)
    "committed",
]
FAULT_POINTS: tuple[FaultPoint, ...] = get_args(FaultPoint)

FaultHook = Callable[[FaultPoint, int], None]
"""Called with the point and the input partition. A test's hook kills the process or raises; the default does not."""


def no_fault(point: FaultPoint, partition: int) -> None:
    """What runs in production."""
