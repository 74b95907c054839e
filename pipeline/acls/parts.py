"""The parts of a deployment and the rights of each: the least with which it works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.acls.model import Acl, Deployment
from pipeline.console.kafka.audit import audit_topic
from pipeline.erasure.erased import erased_topic
from pipeline.erasure.rights import NEEDED as FORGET_NEEDED
from pipeline.erasure.rights import NEEDED_OF_LIST
from pipeline.ingest.journal.drain import JOURNALS
from pipeline.rejected.markers import marker_topic
from pipeline.replay.store import jobs_topic
from pipeline.worker.rights import NEEDED, OPERATIONS, Right
from topics.catalogue import REJECTED
from topics.subscribers.names import dead_letter_topic, retry_topic

_WHY: Mapping[Right, str] = MappingProxyType(
    {
        Right.READ: "reads it",
        Right.WRITE: "writes it",
        Right.DESCRIBE_CONFIGS: "asks for the largest record it takes",
    }
)


@dataclass(frozen=True)
class Part:
    """One part: who needs the rights, and which."""

    name: str
    summary: str
    rights: Callable[[Deployment], Iterable[Acl]]

    def acls(self, names: Deployment) -> tuple[Acl, ...]:
        """Without repetitions, in the order they are best read."""
        return tuple(dict.fromkeys(self.rights(names)))


def _topics(names: Iterable[str], why: str, *operations: str, prefixed: bool = False) -> Iterator[Acl]:
    for name in names:
        for operation in operations:
            yield Acl("topic", name, operation, why, prefixed)


def _worker(names: Deployment) -> Iterator[Acl]:
    for topic in names.topics():
        for right in NEEDED[topic.role]:
            yield Acl("topic", topic.name, OPERATIONS[right], _WHY[right])
    yield Acl("group", names.group, "Read", "shares the partitions, commits offsets")
    yield Acl(
        "transactional-id", f"{names.group}-{names.input_topic}-", "Write",
        "one transaction a batch; the id names the partition", prefixed=True,
    )  # fmt: skip


def _ingest(names: Deployment) -> Iterator[Acl]:
    yield from _topics([names.input_topic], "writes the events", "Write")


def _topic_job(names: Deployment) -> Iterator[Acl]:
    why = "itemstream topics apply creates it, adds partitions, sets what is catalogued"
    all_topics = [topic.name for topic in names.topics()]
    yield from _topics(all_topics, why, "Create", "Alter", "AlterConfigs")


def _subscriber(names: Deployment) -> Iterator[Acl]:
    yield from _topics(names.reads, "reads it", "Read")
    yield Acl("group", names.subscriber, "Read", "shares the partitions, commits offsets")


def _handler(names: Deployment) -> Iterator[Acl]:
    yield from _subscriber(names)
    retry = retry_topic(names.subscriber, names.prefix)
    dead = dead_letter_topic(names.subscriber, names.prefix)
    yield from _topics([retry, dead], "made when it is missing", "Create", "DescribeConfigs")
    yield from _topics([retry], "records wait here for another try", "Read", "Write")
    yield from _topics([dead], "takes what could not be handled", "Write")
    yield Acl(
        "transactional-id", f"{names.subscriber}-subscriber-", "Write",
        "only with @subscriber(transactional=True)", prefixed=True,
    )  # fmt: skip


def _export(names: Deployment) -> Iterator[Acl]:
    yield from _topics(names.reads, "reads it and its settings", "Read", "DescribeConfigs")
    yield from _erased(names)


def _import(names: Deployment) -> Iterator[Acl]:
    yield from _topics(names.reads, "writes the records back", "Write", "DescribeConfigs")
    yield from _topics(names.reads, "Kafka asks for it to keep how far the import is", "Read")
    why = "each record once: offsets and transactions under a name of the export's own"
    yield Acl("group", "itemstream-import-", "Read", why, prefixed=True)
    yield Acl("transactional-id", "itemstream-import-", "Write", why, prefixed=True)


def _forget(names: Deployment) -> Iterator[Acl]:
    whys = {Right.WRITE: "deletes the sessions' state", Right.READ: "finds the sessions' state"}
    why = "tells for how long it keeps what is in it"
    for topic in names.topics():
        for right in FORGET_NEEDED[topic.role]:
            yield Acl("topic", topic.name, OPERATIONS[right], whys.get(right, why))
    erased = erased_topic(names.prefix)
    yield from _topics([erased], "the list of forgotten sessions; made when it is missing", "Create")
    yield from _topics([erased], "the list of forgotten sessions", *(OPERATIONS[right] for right in NEEDED_OF_LIST))
    yield Acl("transactional-id", f"{names.group}-erasure", "Write", "all sessions onto the list, or none")
    yield Acl(
        "transactional-id", f"{names.group}-{names.input_topic}-", "Write",
        "takes a partition from its worker for a moment", prefixed=True,
    )  # fmt: skip


def _erased(names: Deployment) -> Iterator[Acl]:
    yield from _topics([erased_topic(names.prefix)], "the forgotten sessions, which it leaves out", "Read")


def _relay(names: Deployment) -> Iterator[Acl]:
    yield from _topics([names.input_topic], "writes the events", "Write")
    yield from _topics([names.input_topic], "asks for the largest record it takes", "DescribeConfigs")
    yield from _topics([names.input_topic], "Kafka asks for it to keep how far the journal is sent", "Read")
    yield Acl("group", JOURNALS, "Read", "how far each journal is sent", prefixed=True)
    yield Acl("transactional-id", JOURNALS, "Write", "events and position in one transaction", prefixed=True)


def _redrive(names: Deployment) -> Iterator[Acl]:
    rejected = REJECTED.full_name(names.prefix)
    yield from _topics([rejected], "reads what was rejected", "Read", "DescribeConfigs")
    yield from _topics([names.input_topic], "sends it again", "Write", "DescribeConfigs")
    why = "notes what was sent again; made when it is missing"
    yield from _topics([marker_topic(rejected)], why, "Create", "Alter", "AlterConfigs", "Read", "Write")
    yield from _erased(names)
    yield Acl(
        "transactional-id", f"itemstream-redrive-{rejected}-", "Write", "record and note in one transaction",
        prefixed=True,
    )  # fmt: skip


def _replay(names: Deployment) -> Iterator[Acl]:
    yield from _topics([names.input_topic], "the events", "Read", "DescribeConfigs")
    yield from _topics(names.outputs(), "looks sessions up, compares", "Read", "DescribeConfigs")
    yield from _topics([names.changelog()], "which sessions the worker knows", "Read", "DescribeConfigs")
    yield Acl("group", names.group, "Describe", "how far the worker is")
    yield from _erased(names)
    jobs = jobs_topic(names.prefix)
    yield from _topics([jobs], "the jobs and how they stand", "Create", "Read", "Write", "DescribeConfigs")
    why = "what the replay writes"
    yield from _topics([f"{names.replay_to}."], why, "Create", "Read", "Write", "DescribeConfigs", prefixed=True)
    job = f"{names.group}-replay-"
    why = "the state of a job, deleted when it has ended"
    yield from _topics([job], why, "Create", "Read", "Write", "Delete", "DescribeConfigs", prefixed=True)
    yield Acl("group", job, "Read", "shares a job's partitions", prefixed=True)
    yield Acl("transactional-id", job, "Write", "one transaction a batch", prefixed=True)


def _replay_in_place(names: Deployment) -> Iterator[Acl]:
    yield from _replay(names)
    yield from _topics(names.outputs(), "writes what comes out differently now", "Write")


def _console(names: Deployment) -> Iterator[Acl]:
    yield from _topics(names.outputs(), "reads it", "Read")
    yield from _erased(names)
    yield from _topics([names.input_topic], "the raw events behind an item", "Read")
    yield from _topics([names.changelog()], "where it ends", "Describe")
    yield from _topics([marker_topic(REJECTED.full_name(names.prefix))], "what was sent again", "Read")
    yield from _topics([jobs_topic(names.prefix)], "the replays", "Read", "DescribeConfigs")
    yield Acl("group", names.group, "Describe", "how far the worker is, and who works")
    audit = audit_topic(names.prefix)
    why = "what operators did; made when it is missing"
    yield from _topics([audit], why, "Create", "Alter", "AlterConfigs", "DescribeConfigs", "Read", "Write")


def _autoscaling(names: Deployment) -> Iterator[Acl]:
    yield from _topics([names.input_topic], "its partitions, and where they end", "Describe")
    yield Acl("group", names.group, "Describe", "how far the workers are")


_ALL = (
    Part("worker", "itemstream worker", _worker),
    Part("ingest", "itemstream ingest http, and any other collector", _ingest),
    Part("relay", "itemstream ingest relay; for --relay-client-topic the same of that topic", _relay),
    Part("topics", "itemstream topics plan, apply, check", _topic_job),
    Part("subscriber", "a program that reads topics: topics.subscribe, itemstream tail", _subscriber),
    Part("handler", "a program with @subscriber: the same, with retries and dead letters", _handler),
    Part("redrive", "itemstream rejected", _redrive),
    Part("replay", "itemstream replay, into side topics", _replay),
    Part("replay-in-place", "itemstream replay --in-place", _replay_in_place),
    Part("export", "itemstream export", _export),
    Part("import", "itemstream import", _import),
    Part("forget", "itemstream forget", _forget),
    Part("autoscaling", "KEDA's scaler of the workers, as the chart sets it up", _autoscaling),
    Part("console", "itemstream console; what its operators do needs those of redrive and replay, too", _console),
)

PARTS: Mapping[str, Part] = MappingProxyType({part.name: part for part in _ALL})
"""By name, in the order they are printed."""
