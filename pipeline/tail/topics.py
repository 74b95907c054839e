"""Topic names as one writes them after `tail`: `messages`, `items.messages`, `responses`, `rejected`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pipeline.errors import UsageError
from topics.catalogue import CATALOGUE, REJECTED, TopicSpec

NAMES: dict[str, TopicSpec] = {spec.name.removeprefix("items."): spec for spec in CATALOGUE}
"""Short names, in the catalogue's order. Item types are an open set, and so `other` is one of them."""


def chosen(names: Sequence[str], *, everything: bool) -> list[TopicSpec]:
    """The topics meant, in the catalogue's order. `everything`: every topic of records, which rejected is not.

    Raises UsageError for a name that does not exist, or where nothing is named.
    """
    if everything and not names:
        return [spec for spec in CATALOGUE if spec is not REJECTED]
    if everything or not names:
        raise UsageError(f"name topics, or say --all; there are {', '.join(NAMES)}")
    meant = {_named(name) for name in names}
    return [spec for spec in CATALOGUE if spec in meant]


def _named(name: str) -> TopicSpec:
    spec = NAMES.get(name.removeprefix("items."))
    if spec is None:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(NAMES)}"
        raise UsageError(f"there is no topic {name!r}; {hint}")
    return spec
