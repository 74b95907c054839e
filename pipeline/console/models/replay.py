"""Replay jobs, and what a replay would change."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipeline.console.models.base import Model
from topics.models.common import Rfc3339


class ReplayRequest(Model):
    """What to run through the core again, and where to."""

    kind: Literal["topics", "difference"]
    to_prefix: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._-]+$", max_length=200, description="Of the topics to write to, for kind `topics`."
    )
    since: str | None = Field(None, max_length=40, description="Only events from then on: RFC 3339, or 10m, 2h, 3d.")
    until: str | None = Field(None, max_length=40, description="Only events before then.")
    sessions: list[str] = Field([], max_length=1000)
    event_types: list[str] = Field([], max_length=1000)


class ReplaySelection(Model):
    """Which events a job is about; what is empty holds for all."""

    since: Rfc3339 | None
    until: Rfc3339 | None
    sessions: list[str]
    event_types: list[str]


JobState = Literal["running", "interrupted", "done", "failed", "cancelled"]


class Job(Model):
    """A replay job."""

    id: str
    kind: Literal["topics", "files", "in-place", "difference"]
    state: JobState = Field(description="`interrupted`: not done, and nobody works on it; it can be gone on with.")
    who: str
    started_at: Rfc3339
    ended_at: Rfc3339 | None
    selection: ReplaySelection
    target: str | None = Field(description="Prefix of the topics, or folder, it writes to; null for a difference.")
    events: int = Field(description="Offsets there are to read.")
    outputs: int = Field(description="Records it wrote, or found different.")
    share: float | None = Field(description="How much is done, 0 to 1; null where that is not known.")
    error: str | None


class Jobs(Model):
    """Every job, newest first."""

    jobs: list[Job]


class FieldChange(Model):
    """A field of a record that would come out otherwise."""

    path: str
    before: Any
    after: Any


class Difference(Model):
    """An item, response or rejected record that would come out otherwise."""

    verdict: Literal["added", "changed", "gone"]
    kind: str = Field(description="Type of the record.")
    id: str
    session_id: str | None
    topic: str
    fields: list[FieldChange] = Field(description="For one that changed.")


class DifferenceSummary(Model):
    """How many of what."""

    events: int
    records: int
    added: int
    changed: int
    same: int
    gone: int
    fields: dict[str, int] = Field(description="Changed fields, and in how many records.")
    not_compared: dict[str, int] = Field(description="Why, and how many.")


class Differences(Model):
    """What a replay would change."""

    summary: DifferenceSummary | None = Field(description="Null while it runs.")
    differences: list[Difference]
    complete: bool = Field(description="False while it runs, and where there are more than are kept.")
    notes: list[str]
