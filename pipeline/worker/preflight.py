"""Everything that must be right before a worker joins its group; what is wrong is told in one line."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka import errors as kafka
from aiokafka.client import AIOKafkaClient, CoordinationType

from pipeline.security.refusal import refusal
from pipeline.settings import Settings
from pipeline.streaming import StreamError, UnrecoverableError
from pipeline.worker.limits import LEAST, MAX_MESSAGE_BYTES, topic_limits
from pipeline.worker.rights import NEEDED, OPERATIONS, Right, TopicRights, group_rights, topic_rights
from pipeline.worker.stream_config import stream_config
from topics.admin import ClusterState, DeployedTopic, TopicState, deployment, problems

CONNECT_TIMEOUT_MS = 10_000
SHOWN = 3
HINT = " (itemstream topics acls worker prints all that is needed)"


class PreflightError(UnrecoverableError):
    """The worker must not start; the message says why and what to do."""


class UnreachableError(StreamError):
    """Kafka does not answer now. A supervised process is started again until it does."""


async def preflight(settings: Settings) -> dict[str, int]:
    """Raises PreflightError on: missing topics, partition counts that differ, no rights, no room in a topic; and
    UnreachableError where no broker answers.

    Returns the largest record each topic takes, see `topic_limits`.
    """
    with _client_keeps_quiet():
        return await _check(settings)


async def _check(settings: Settings) -> dict[str, int]:
    client: Any = AIOKafkaClient(
        bootstrap_servers=settings.bootstrap_servers, request_timeout_ms=CONNECT_TIMEOUT_MS, **settings.connection()
    )
    try:
        await _connect(client, settings)
        topics = deployment(settings.prefix, settings.group, settings.input_topic)
        found = await topic_rights(client, (topic.name for topic in topics))
        _raise_first(_topic_problems(topics, found))
        await _check_group(client, settings.group)
        await _check_transactional_id(client, stream_config(settings).transactional_id(0))
        limits = await topic_limits(client, (topic.name for topic in topics if topic.role != "input"))
        _raise_first(
            f"topic {name} takes records of {limit} bytes at most, too few for any: set {MAX_MESSAGE_BYTES} to "
            f"{LEAST} or more (itemstream topics apply sets what is catalogued)"
            for name, limit in limits.items()
            if limit < LEAST
        )
        return limits
    except (kafka.KafkaError, TimeoutError) as error:
        raise UnreachableError(f"Kafka at {settings.bootstrap_servers} fails the first questions: {error!r}") from error
    finally:
        await client.close()


async def _connect(client: Any, settings: Settings) -> None:
    try:
        await client.bootstrap()
    except (kafka.KafkaConnectionError, OSError, TimeoutError) as error:
        if (refused := await refusal(settings, CONNECT_TIMEOUT_MS)) is not None:
            raise (PreflightError if refused.lasting else UnreachableError)(refused.why) from error
        raise UnreachableError(
            f"no Kafka broker answers at {settings.bootstrap_servers}; start one (itemstream kafka start) or set "
            "--bootstrap-servers"
        ) from error
    except kafka.KafkaError as error:
        raise PreflightError(f"Kafka at {settings.bootstrap_servers} refuses this client: {error!r}") from error


def _topic_problems(topics: tuple[DeployedTopic, ...], found: dict[str, TopicRights]) -> Iterator[str]:
    hidden = {name for name, rights in found.items() if rights.hidden}
    for role, rights in NEEDED.items():
        if unseen := {topic.name for topic in topics if topic.role == role} & hidden:
            yield f"no right to see {_names(unseen)}: grant {' and '.join(OPERATIONS[right] for right in rights)}{HINT}"
    seen = {name: rights for name, rights in found.items() if rights.partitions}
    state = ClusterState(1, {name: TopicState(name, rights.partitions, 1, {}, {}) for name, rights in seen.items()})
    errors = [
        problem for problem in problems(topics, state) if problem.severity == "error" and problem.topic not in hidden
    ]
    if missing := {problem.topic for problem in errors if problem.code == "missing"}:
        yield f"missing {_names(missing)}: create with: itemstream topics apply"
    yield from (problem.message for problem in errors if problem.code != "missing")
    for right in Right:
        needed = {topic.name for topic in topics if right in NEEDED[topic.role]}
        if refused := {name for name in needed & seen.keys() if right not in seen[name].rights}:
            yield f"no right to {right.name} {_names(refused)}: grant {OPERATIONS[right]}{HINT}"


def _names(topics: set[str]) -> str:
    names = sorted(topics)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"topic{'s' if len(names) > 1 else ''} {', '.join(names[:SHOWN])}{more}"


async def _check_group(client: Any, group: str) -> None:
    try:
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        rights = await group_rights(client, node, group)
    except kafka.GroupAuthorizationFailedError:
        rights = Right(0)
    except kafka.KafkaError as error:
        if not error.retriable:
            raise
        return  # a fresh cluster is still making the topic of offsets; the client waits for it
    if Right.READ not in rights:
        raise PreflightError(f"no right to use consumer group {group}: grant Read{HINT}")


async def _check_transactional_id(client: Any, name: str) -> None:
    # Describe is all that can be asked without fencing a worker that runs; Write shows when the first producer starts.
    try:
        await client.coordinator_lookup(CoordinationType.TRANSACTION, name)
    except kafka.TransactionalIdAuthorizationFailed as error:
        raise PreflightError(
            f"no right to use transactional id {name}: grant Write on all ids that begin so, but for the number{HINT}"
        ) from error
    except kafka.KafkaError as error:
        if not error.retriable:
            raise


def _raise_first(found: Iterable[str]) -> None:
    texts = list(found)
    if texts:
        more = f" (and {len(texts) - SHOWN} more)" if len(texts) > SHOWN else ""
        raise PreflightError("; ".join(texts[:SHOWN]) + more)


@contextmanager
def _client_keeps_quiet() -> Generator[None]:
    """aiokafka logs what it also raises; the user gets one line."""
    logger = logging.getLogger("aiokafka")
    level = logger.level
    if level != logging.DEBUG:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
