"""Topics as one names them after `export` and `import`: `events`, `messages`, `responses`, or in full."""

from __future__ import annotations

import difflib
from typing import NamedTuple

from pydantic import BaseModel

from pipeline.settings import Settings
from topics.catalogue import CATALOGUE

EVENTS = "events"
SHORT = {EVENTS: None, **{spec.name.removeprefix("items."): spec for spec in CATALOGUE}}
"""Short name -> its topic; None for the input."""


class Named(NamedTuple):
    """A topic's full name, and the model of its records; None where they are events, or unknown."""

    topic: str
    model: type[BaseModel] | None


def named(settings: Settings, name: str) -> Named:
    """A short name, or a full one: of one of itemstream's topics, or of any other."""
    if name == EVENTS:
        return Named(settings.input_topic, None)
    for short, spec in SHORT.items():
        if spec is not None and name in (short, spec.name, spec.full_name(settings.prefix)):
            return Named(spec.full_name(settings.prefix), spec.model)
    return Named(name, None)


def missing(settings: Settings, topic: str) -> str:
    """What the user is told of a topic that does not exist."""
    close = difflib.get_close_matches(topic, SHORT, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "name another, or set --prefix"
    return f"there is no topic {topic} at {settings.bootstrap_servers}; {hint}"
