"""Errors as the sender gets them: problem details, RFC 9457."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Ends a request, or one line of a batch, with an error."""

    def __init__(self, status: int, detail: str, *, field: str | None = None, retry_after: float | None = None) -> None:
        """
        detail: one line for the sender: what is wrong and what to do. Holds no values of the event.
        field: what is wrong: `item.type` in the event, a header, or a query parameter.
        retry_after: seconds.
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.retry_after = retry_after

    def members(self) -> dict[str, Any]:
        """Of the JSON object."""
        told: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            told["field"] = self.field
        return told

    def response(self, **more: Any) -> Response:
        """The answer to the request; `more`: further members, such as the lines of a batch."""
        headers: dict[str, str] = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer realm="itemstream"'
        return Response(orjson.dumps({**self.members(), **more}), self.status, headers, MEDIA_TYPE)
