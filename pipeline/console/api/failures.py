"""What went wrong, as the problem that is answered."""

from __future__ import annotations

from aiokafka.errors import KafkaError

from pipeline.console.services import NotFoundError, RefusedError
from pipeline.errors import ItemstreamError, UsageError
from pipeline.ingest.http.problem import Problem
from topics.admin.errors import TopicsError

STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFoundError, 404),
    (RefusedError, 409),
    (UsageError, 422),
    (ItemstreamError, 503),
    (TopicsError, 503),
    (KafkaError, 503),
    (TimeoutError, 503),
)
"""The status of an error, by the first class that it is of. What is left is Kafka or the database that is not there."""
FAMILIES: tuple[type[Exception], ...] = (ItemstreamError, TopicsError, KafkaError, TimeoutError)
_FOR_PEOPLE = (ItemstreamError, TopicsError)
"""Their messages say what happened and what to do."""


def problem_of(error: Exception) -> Problem:
    """The answer to an error of one of the families."""
    status = next(status for kind, status in STATUSES if isinstance(error, kind))
    said = one_line(error)
    return Problem(status, said if isinstance(error, _FOR_PEOPLE) else f"Kafka does not answer ({said}); try again")


def one_line(error: BaseException) -> str:
    """What an error says, on one line; where it says nothing, which it is."""
    return " ".join(str(error).split()) or type(error).__name__
