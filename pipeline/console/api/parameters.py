"""Parameters that several routes take."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime

from pipeline.console.queries import Filters

MOST = 200

Cursor = Annotated[str | None, Query(max_length=1000, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Text = Query(max_length=1000)
From = Annotated[AwareDatetime | None, Query(alias="from", description="Only what was active then or later, RFC 3339.")]
To = Annotated[AwareDatetime | None, Query(description="Only what was active before then, RFC 3339.")]
Provider = Annotated[str | None, Text]
Tenant = Annotated[str | None, Text]


def milliseconds(moment: AwareDatetime | None) -> int | None:
    """Since the epoch."""
    return None if moment is None else round(moment.timestamp() * 1000)


def _filters(from_: From = None, to: To = None, provider: Provider = None, tenant: Tenant = None) -> Filters:
    return Filters(from_ms=milliseconds(from_), to_ms=milliseconds(to), provider=provider, tenant=tenant)


Filtered = Annotated[Filters, Depends(_filters)]
