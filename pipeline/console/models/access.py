"""Who asks, and what operators did."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from pipeline.console.models.base import Model
from topics.models.common import Rfc3339

Role = Literal["viewer", "operator"]
Via = Literal["token", "cookie", "proxy", "local"]


class Features(Model):
    """What this console lets its operators do."""

    redrive: bool
    replay: bool
    raw_events: bool = Field(description="Whether the provider's events themselves can be seen.")


class Me(Model):
    """Who asks, and what they may do."""

    name: str
    role: Role
    via: Via = Field(description="How it was told who asks. Only who came by `cookie` can log out.")
    csrf_token: str = Field(description="To be sent with every POST as header `X-CSRF-Token`.")
    version: str = Field(description="Of itemstream.")
    prefix: str = Field(description="Of the topics.")
    features: Features


class Login(Model):
    """A token for a session cookie."""

    token: str = Field(min_length=1, max_length=500)


class AuditEntry(Model):
    """Something an operator did."""

    at: Rfc3339
    who: str
    action: str
    details: dict[str, Any]
    outcome: str


class Audit(Model):
    """What operators did, newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None
