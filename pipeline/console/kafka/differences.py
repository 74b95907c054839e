"""Dry runs of a replay: what would change, in the memory of this console; they are gone with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.console.kafka.child import Child
from pipeline.console.kafka.replay_process import MOST_DIFFERENCES
from pipeline.console.models import Difference, Differences, DifferenceSummary, FieldChange, Job, JobState
from pipeline.console.models.replay import ReplaySelection
from pipeline.replay.job import now


@dataclass(slots=True)
class DryRun:
    """One, as far as its process has told of it."""

    id: str
    who: str
    selection: ReplaySelection
    child: Child
    started_at: str = field(default_factory=now)
    ended_at: str | None = None
    cancelled: bool = False
    error: str | None = None
    done: int = 0
    size: int = 0
    summary: DifferenceSummary | None = None
    notes: list[str] = field(default_factory=list[str])
    differences: list[Difference] = field(default_factory=list[Difference])

    def look(self) -> None:
        """Take what its process has told since."""
        code = self.child.code
        for line in self.child.lines():
            self._take(line)
        if code is not None and self.ended_at is None:
            self.ended_at = now()
            if code != 0 and not self.cancelled and self.error is None:
                self.error = "its process ended before it was done"

    def job(self) -> Job:
        """How it stands."""
        found = self.summary
        return Job(
            id=self.id,
            kind="difference",
            state=self._state(),
            who=self.who,
            started_at=self.started_at,
            ended_at=self.ended_at,
            selection=self.selection,
            target=None,
            events=self.size,
            outputs=0 if found is None else found.added + found.changed + found.gone,
            share=1.0 if self._state() == "done" else self.done / self.size if self.size else None,
            error=self.error,
        )

    def found(self) -> Differences:
        """What it has found so far."""
        total = None if self.summary is None else self.summary.added + self.summary.changed + self.summary.gone
        return Differences(
            summary=self.summary,
            differences=self.differences,
            complete=total is not None and total <= MOST_DIFFERENCES and self._state() == "done",
            notes=self.notes,
        )

    def _state(self) -> JobState:
        if self.cancelled:
            return "cancelled"
        if self.ended_at is None:
            return "running"
        return "done" if self.error is None else "failed"

    def _take(self, line: dict[str, Any]) -> None:
        if "difference" in line:
            self.differences.append(_difference(line["difference"]))
        elif "summary" in line:
            told = line["summary"]
            self.summary = DifferenceSummary(**{name: told[name] for name in DifferenceSummary.model_fields})
            self.notes = line["notes"]
            self.size = line["size"]
        elif "done" in line:
            self.done, self.size = line["done"], line["size"]
        elif "error" in line:
            self.error = line["error"]


def _difference(told: dict[str, Any]) -> Difference:
    return Difference(
        verdict=told["difference"],
        kind=told["kind"],
        id=told["id"],
        session_id=told["session_id"],
        topic=told["topic"],
        fields=[
            FieldChange(path=path, before=change["before"], after=change["after"])
            for path, change in told.get("fields", {}).items()
        ],
    )
