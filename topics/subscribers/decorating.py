"""`@subscriber`: a function that is called with every record, whatever happens."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, Unpack, overload

from pydantic import BaseModel

from topics.dead_letters import origin_of
from topics.subscribers.breaker import Breaker, BreakerSettings
from topics.subscribers.context import Context
from topics.subscribers.handling import Handler, Handling, takes_context
from topics.subscribers.making import ensure_topics
from topics.subscribers.names import dead_letter_topic, retry_topic
from topics.subscribers.outbox import AtLeastOnceOutbox
from topics.subscribers.retry import Retry
from topics.subscribers.transactions import TransactionalOutbox
from topics.subscriptions.by_session import BySession
from topics.subscriptions.decode import decoder, specs_of
from topics.subscriptions.errors import CommitError, InvalidRecordError, UnreachableError
from topics.subscriptions.extras import Extras
from topics.subscriptions.filters import check_filters, filter_of
from topics.subscriptions.intake import Source
from topics.subscriptions.options import Options, SubscribeOptions
from topics.subscriptions.reader import Reader
from topics.subscriptions.received import RawRecord

RESTARTS = 12
RESTART_SECONDS = 0.5
LOOK_SECONDS = 0.1
LONGEST_RESTART_SECONDS = 10.0
"""The wait doubles from restart to restart up to this: together some 80 seconds, for brokers that are away."""
QUIET_SECONDS = 60.0
"""A run that lasted that long does not count as a failed start."""

log = logging.getLogger("topics.subscribers")

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)

Takes = Callable[[A], Awaitable[object] | object] | Callable[[A, Context[A]], Awaitable[object] | object]
"""A handler of records of type A, with or without the context."""


class Subscriber(Generic[T]):
    """A handler and what it subscribes to. Calling it calls the handler, as a test would."""

    def __init__(
        self,
        handler: Handler,
        models: tuple[type[BaseModel], ...],
        options: Options,
        retry: Retry,
        breaker: BreakerSettings,
        transactional: bool,
    ) -> None:
        assert options.group is not None
        takes_context(handler)
        specs = specs_of(models)
        check_filters(models, options)
        self.name = getattr(handler, "__qualname__", repr(handler))
        self.group = options.group
        self.options = options
        self.retry_topic = retry_topic(options.group, options.topic_prefix)
        self.dead_letter_topic = dead_letter_topic(options.group, options.topic_prefix)
        self._handler = handler
        self._retry = retry
        self._breaker = breaker
        self._transactional = transactional
        self._sources = {
            spec.full_name(options.topic_prefix): Source(decoder(model), filter_of(model, options))
            for spec, model in specs.items()
        }
        self._reader: Reader | None = None
        self._stopping = False

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._handler(*arguments, **named)

    def stop(self) -> None:
        """Let `run` end: what is being handled is finished and committed."""
        self._stopping = True
        if self._reader is not None:
            self._reader.stop()

    def main(self) -> None:
        """Run until SIGINT or SIGTERM: a whole program."""

        async def run() -> None:
            loop = asyncio.get_running_loop()
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(name, self.stop)
            await self.run()

        asyncio.run(run())

    async def run(self) -> None:
        """Handle records until `stop`. Raises SubscriptionError where the cluster refuses to go on."""
        try:
            await ensure_topics(self.options, list(self._sources))
            await self._run_until_stopped()
        finally:
            self._stopping = False

    async def _run_until_stopped(self) -> None:
        restarts = 0
        while not self._stopping:
            began = asyncio.get_running_loop().time()
            try:
                await self._run()
            except (CommitError, UnreachableError) as error:
                if isinstance(error, UnreachableError) and not restarts:
                    raise  # it was never there: more likely a wrong address
                lasted = asyncio.get_running_loop().time() - began
                restarts = 1 if lasted > QUIET_SECONDS else restarts + 1
                if restarts > RESTARTS:
                    raise
                log.warning("%s starts again from what is committed: %s", self.name, error)
                await self._rest(min(RESTART_SECONDS * 2 ** (restarts - 1), LONGEST_RESTART_SECONDS))

    async def _rest(self, seconds: float) -> None:
        """A stop ends it."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            if self._stopping:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _run(self) -> None:
        outbox = TransactionalOutbox(self.options) if self._transactional else AtLeastOnceOutbox(self.options)
        handling = Handling(
            self.name,
            self._handler,
            self.group,
            (self.retry_topic, self.dead_letter_topic),
            self._retry,
            Breaker(self._breaker),
            outbox,
        )
        runs: list[BySession] = []

        async def lost() -> None:
            handling.forget()
            for run in runs:
                run.wake()
            if isinstance(outbox, TransactionalOutbox):
                await outbox.lost()

        transactions = outbox if isinstance(outbox, TransactionalOutbox) else None
        reader = Reader(self.options, self._sources, Extras(self.retry_topic, self._decode_retried, transactions, lost))
        runs.append(
            BySession(reader, handling, self.options.concurrency, queue_of=handling.queue_of, hold=handling.hold)
        )
        self._reader = reader
        try:
            await reader.start()
            if not self._stopping:
                await runs[0].run()
        finally:
            await reader.close()
            await outbox.close()
            self._reader = None
        if (failure := reader.failure) is not None and not self._stopping:
            raise failure

    def _decode_retried(self, raw: RawRecord) -> Any:
        origin = origin_of(raw.headers)
        source = None if origin is None else self._sources.get(origin.topic)
        if source is None:
            where = f"{raw.topic}[{raw.partition}] offset {raw.offset}"
            text = f"{where} is no record that {self.group} put there"
            raise InvalidRecordError(text, raw.topic, raw.partition, raw.offset)
        return source.decode(raw)


@overload
def subscriber(
    model: type[A],
    /,
    *,
    retry: Retry | None = None,
    breaker: BreakerSettings | None = None,
    transactional: bool = False,
    **options: Unpack[SubscribeOptions[A]],
) -> Callable[[Takes[A]], Subscriber[A]]: ...
@overload
def subscriber(
    *models: type[BaseModel],
    retry: Retry | None = None,
    breaker: BreakerSettings | None = None,
    transactional: bool = False,
    **options: Unpack[SubscribeOptions[Any]],
) -> Callable[[Takes[Any]], Subscriber[Any]]: ...


def subscriber(
    *models: type[BaseModel],
    retry: Retry | None = None,
    breaker: BreakerSettings | None = None,
    transactional: bool = False,
    **options: Unpack[SubscribeOptions[Any]],
) -> Callable[[Any], Subscriber[Any]]:
    """Make a function the handler of the models' records: `await function.run()`, or `function.main()`.

    The function takes the record, or the record and a `Context`; it may be a coroutine function or a plain one (which
    runs in a thread). When it raises, the record waits in the retry topic and is tried again as `retry` says (default
    `Retry()`); meanwhile later records of the same session wait behind it, and other sessions go on. After the last
    try it goes to the subscriber's dead letters, and its session goes on without it.

    breaker: when to stop handing out records because everything fails.
    transactional: what the handler writes by `context.send`, and the offsets, in one Kafka transaction: exactly once.
    options: those of `subscribe`; `group` is needed. `concurrency` records are handled at a time, of a session one.
        A record that its model does not read goes to the dead letters at once; one of a newer schema_version ends the
        run.
    """
    if not options.get("group"):
        raise ValueError('a subscriber needs a group: subscriber(FunctionCall, group="billing")')
    for name in ("until", "on_invalid", "latest_revision"):
        if options.get(name):
            raise ValueError(f"a subscriber takes no {name}=")
    settings: dict[str, Any] = {"commit_interval": 0.1} if transactional else {}
    settings |= {**options, "on_invalid": "hand-over"}
    checked = Options(**settings)

    def decorate(handler: Handler) -> Subscriber[Any]:
        return Subscriber(handler, models, checked, retry or Retry(), breaker or BreakerSettings(), transactional)

    return decorate
