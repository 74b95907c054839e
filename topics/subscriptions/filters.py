"""Which records of the subscribed topics are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from topics.subscriptions.options import Options, chosen

Wanted = Callable[[Any], bool]


def filter_of(model: type[BaseModel], options: Options) -> Wanted | None:
    """What a record of `model` must fulfil; None where everything is wanted.

    A filter holds for the types that have its field: `role="user"` leaves responses alone.
    """
    tests: list[Wanted] = []
    for field, values in (("session_id", options.session), ("name", options.name), ("role", options.role)):
        allowed = chosen(values)
        if allowed is not None and field in model.model_fields:
            tests.append(_one_of(field, allowed))
    if options.final_transcripts and "transcript" in model.model_fields:
        tests.append(_is_final)
    if options.where is not None:
        tests.append(options.where)
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def check_filters(models: Iterable[type[BaseModel]], options: Options) -> None:
    """Raise ValueError for a filter that no subscribed type knows."""
    models = list(models)
    for option, field in (("name", "name"), ("role", "role"), ("final_transcripts", "transcript")):
        if getattr(options, option) and not any(field in model.model_fields for model in models):
            names = ", ".join(model.__name__ for model in models)
            raise ValueError(f"{option}= filters by {field}, which {names} does not have")


def _one_of(field: str, allowed: frozenset[str]) -> Wanted:
    return lambda record: getattr(record, field) in allowed


def _is_final(record: Any) -> bool:
    """Nothing more is to come of the transcript: there is none, or it is final, failed or switched off."""
    return record.transcript is None or record.transcript.state != "pending"
