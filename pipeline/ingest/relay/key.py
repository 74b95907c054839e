"""The tenant's key beside the provider's: where a client puts it, and how it is kept from going any further."""

from __future__ import annotations

from urllib.parse import unquote_plus

from pipeline.ingest.relay.http import HeaderList, header_of

HEADER = b"x-itemstream-key"
PARAMETER = "itemstream_key"
"""For clients that can't send headers of their own, such as browsers."""


def take_key(target: str, headers: HeaderList) -> tuple[str | None, str, HeaderList]:
    """The key, None where there is none; target and headers without it, everything else in them byte for byte."""
    key = header_of(headers, HEADER)
    rest = [one for one in headers if one[0].lower() != HEADER]
    path, mark, query = target.partition("?")
    if PARAMETER in query:
        pairs = query.split("&")
        told = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) == PARAMETER]
        query = "&".join(pair for pair in pairs if pair not in told)
        target = f"{path}?{query}" if query else path
        key = key or next((unquote_plus(pair.partition("=")[2]) for pair in told), "")
    elif not mark:
        target = path
    return key or None, target, rest
