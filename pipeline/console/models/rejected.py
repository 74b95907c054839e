"""Records that could not be used, and sending them again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.console.models.base import Model
from topics.models.common import Rfc3339


class ReasonCount(Model):
    """How many records were rejected for one reason."""

    reason: str
    count: int


class Original(Model):
    """Where a rejected record was read."""

    topic: str
    partition: int
    offset: int
    at: Rfc3339 | None


class Mark(Model):
    """The part that is wrong: characters of `value`."""

    start: int
    end: int


class Rejected(Model):
    """A record that could not be used."""

    id: str = Field(description="`PARTITION:OFFSET` on the rejected topic.")
    partition: int
    offset: int
    at: Rfc3339 | None
    session_id: str | None
    reason: str
    message: str
    original: Original | None
    value: str = Field(description="Its text; escaped where it is not UTF-8.")
    binary: bool = Field(description="Whether the value is not UTF-8.")
    truncated: bool = Field(description="Whether `value` is only the beginning.")
    mark: Mark | None
    redriven: int = Field(description="How often it was sent again.")


class RejectedPage(Model):
    """Rejected records, newest first, and how many there are of each reason."""

    reasons: list[ReasonCount]
    rejected: list[Rejected]
    next_cursor: str | None


class RedriveRequest(Model):
    """Which rejected records to send again: these, or all of a reason."""

    ids: list[str] | None = Field(None, max_length=10_000)
    reason: str | None = Field(None, max_length=200)
    dry_run: bool = Field(True, description="Only tell what would come of it.")


class RedriveOutcome(Model):
    """What became of one record, or would."""

    id: str
    outcome: Literal["usable", "rejected_again", "sent", "skipped"]
    reason: str | None
    message: str | None


class RedriveResult(Model):
    """What a redrive did, or would do."""

    dry_run: bool
    records: list[RedriveOutcome]
    sent: int


class RejectedCount(Model):
    """Event `rejected` of the stream: how many there are now."""

    count: int
