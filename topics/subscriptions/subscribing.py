"""`subscribe`: the records of topics as a loop."""

from __future__ import annotations

from typing import Any, TypeVar, Unpack, overload

from pydantic import BaseModel

from topics.subscriptions.decode import decoder, raw_value, specs_of
from topics.subscriptions.filters import check_filters, filter_of
from topics.subscriptions.intake import Source
from topics.subscriptions.options import Options, SubscribeOptions
from topics.subscriptions.reader import Reader
from topics.subscriptions.subscription import Subscription

A = TypeVar("A", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)
C = TypeVar("C", bound=BaseModel)
D = TypeVar("D", bound=BaseModel)
E = TypeVar("E", bound=BaseModel)
F = TypeVar("F", bound=BaseModel)


@overload
def subscribe(first: type[A], /, **options: Unpack[SubscribeOptions[A]]) -> Subscription[A]: ...
@overload
def subscribe(
    first: type[A], second: type[B], /, **options: Unpack[SubscribeOptions[A | B]]
) -> Subscription[A | B]: ...
@overload
def subscribe(
    first: type[A], second: type[B], third: type[C], /, **options: Unpack[SubscribeOptions[A | B | C]]
) -> Subscription[A | B | C]: ...
@overload
def subscribe(
    first: type[A],
    second: type[B],
    third: type[C],
    fourth: type[D],
    /,
    **options: Unpack[SubscribeOptions[A | B | C | D]],
) -> Subscription[A | B | C | D]: ...
@overload
def subscribe(
    first: type[A],
    second: type[B],
    third: type[C],
    fourth: type[D],
    fifth: type[E],
    /,
    **options: Unpack[SubscribeOptions[A | B | C | D | E]],
) -> Subscription[A | B | C | D | E]: ...
@overload
def subscribe(
    first: type[A],
    second: type[B],
    third: type[C],
    fourth: type[D],
    fifth: type[E],
    sixth: type[F],
    /,
    *more: type[BaseModel],
    **options: Unpack[SubscribeOptions[Any]],
) -> Subscription[A | B | C | D | E | F | Any]: ...


def subscribe(*models: type[BaseModel], **options: Unpack[SubscribeOptions[Any]]) -> Subscription[Any]:
    """The records of the models' topics, typed; see `Subscription` for the ways to read them.

    models: record types of `topics.models`, or subclasses of them. Several come in `session_sequence` order within a
        session; between sessions the order is about that of writing.
    group: the consumer group. Members share the partitions; offsets are committed. None: no group, no commits.
    bootstrap_servers: default `ITEMSTREAM_BOOTSTRAP_SERVERS`, else 127.0.0.1:9092.
    prefix: of the topics' names; default `ITEMSTREAM_PREFIX`, else `realtime`.
    start: `committed` (where the group left off; the earliest record where it has not been, or where there is no
        group), `earliest`, `latest`, a datetime, or {(topic, partition): offset}. For a group, any other than
        `committed` moves the group, and only while it has no members: who comes later joins what goes on. Without a
        group, a mapping also says which partitions are read.
    until: `now` or a datetime: the loop ends when everything before has been read.
    session, name, role: one or several; each holds for the record types that have the field.
    where: any further test of a record.
    latest_revision: leave out revisions for which a later one is known: in a bounded read (`until`) each item comes
        once, at the end; in an endless one this covers what was fetched together.
    final_transcripts: leave out messages whose transcript is still pending.
    on_invalid: what becomes of a record that its model does not read, such as one of a newer schema_version: `raise`
        (InvalidRecordError, NewerSchemaError); `skip` with a warning in the log; or `dead-letter`: it goes to
        `{prefix}.subscribers.{group}.dead-letters`, and one of a newer schema_version is raised all the same.
    concurrency: how many records `for_each` handles at a time.
    commit_interval, order_wait, revoke_wait: seconds between commits; until a record no longer waits for what might
        come before it in another topic, counted while nothing moves; given to what is in hand when partitions go.
    client_options: for aiokafka's consumer: security, timeouts, sizes.

    Raises ValueError for options that make no sense; what the cluster says is raised when reading begins.
    """
    checked = Options(**options)
    specs = specs_of(models)
    check_filters(models, checked)
    sources = {
        spec.full_name(checked.topic_prefix): Source(decoder(model), filter_of(model, checked))
        for spec, model in specs.items()
    }
    return Subscription(_reader(checked, sources))


def subscribe_topic(topic: str, **options: Unpack[SubscribeOptions[bytes | None]]) -> Subscription[bytes | None]:
    """Any one topic by its full name; its records are the values' bytes. For dead letters, `rejected` and the like."""
    checked = Options(**options)
    return Subscription(_reader(checked, {topic: Source(raw_value, checked.where)}))


def _reader(options: Options, sources: dict[str, Source]) -> Reader:
    if options.on_invalid != "dead-letter":
        return Reader(options, sources)
    from topics.subscribers.burying import DeadLetters

    return Reader(options, sources, grave=DeadLetters(options, list(sources)))
