"""One metric as data: what stands in the list, in the docs and in what a process exposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram", "info"]
Chapter = Literal[
    "Records",
    "Transactions",
    "Partitions and lag",
    "State",
    "Product",
    "Collectors",
    "HTTP collector",
    "Relay",
    "Process",
]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family. `name` is what stands in a query, but for a histogram's `_bucket`, `_sum`, `_count`."""

    name: str
    kind: Kind
    chapter: Chapter
    help: str
    labels: tuple[str, ...] = ()
    library: bool = False
    """Whether prometheus-client itself brings it."""

    @property
    def series(self) -> tuple[str, ...]:
        """The names a query may use."""
        suffixes = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        return tuple(self.name + suffix for suffix in suffixes)
