"""Whose an address is, as the contract spells the providers."""

from __future__ import annotations

import re

# First match counts: the host's name, the request's path, the provider.
_PROVIDERS = tuple(
    (re.compile(host), re.compile(path), name)
    for host, path, name in (
        (r"(^|\.)openai\.com$", "", "openai"),
        (r"(^|\.)(azure|microsoft)\.(com|us|cn)$", r"/voice-(live|agent)(/|$)", "azure-voice-live"),
        (r"(^|\.)(azure|microsoft)\.(com|us|cn)$", "", "azure-openai"),
        (r"(^|\.)x\.ai$", "", "xai"),
        (r"(^|\.)yandex(cloud)?\.(net|ru|com)$", "", "yandex"),
    )
)


def provider_at(host: str, target: str) -> str:
    """The provider whose host it is, asked for this target (path and query); the host's name where it is none's."""
    path = target.partition("?")[0]
    return next((name for pattern, wanted, name in _PROVIDERS if pattern.search(host) and wanted.search(path)), host)
