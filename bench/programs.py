"""Every program that is measured, as data: how it is started, and with which settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
OWN = ROOT / ".venv" / "bin"
PEERS = ROOT / "build" / "bench-venv" / "bin"
COMPILED = ROOT / "build" / "compiled"
EXACTLY_ONCE, AT_LEAST_ONCE = "exactly-once", "at-least-once"
PASS, RAW, CORE = "pass", "raw", "core"
"""Parse and write again; the same with the headers carried; the job."""


class Run(NamedTuple):
    """What a program is told."""

    servers: str
    input: str
    output: str
    """A topic; for the job `core` the prefix of the topics."""
    group: str
    job: str


@dataclass(frozen=True)
class Program:
    """One row of the tables. `command` makes the command line of a run."""

    name: str
    title: str
    delivery: str
    command: Callable[[Run, str], list[str]]
    settings: str
    jobs: tuple[str, ...] = (PASS, CORE)

    def argv(self, run: Run) -> list[str]:
        return self.command(run, self.delivery)


def module(name: str, *extra: str, python: Path = PEERS / "python") -> Callable[[Run, str], list[str]]:
    """A program of bench/peers, by its module's name."""
    return lambda run, delivery: [
        str(python), "-m", f"bench.peers.{name}", *_options(run, delivery), "--job", run.job, *extra
    ]  # fmt: skip


def compiled(run: Run, delivery: str) -> list[str]:
    """The worker as its image has it: with the compiled core of `make compiled`."""
    return ["env", f"PYTHONPATH={COMPILED}", *itemstream(run, delivery)]


def itemstream(run: Run, delivery: str) -> list[str]:
    """The engine with a pass-through in it, or the worker as a user starts it."""
    if run.job != CORE:
        return module("itemstream_engine", python=OWN / "python")(run, delivery)
    return [
        str(OWN / "itemstream"), "worker", "--bootstrap-servers", run.servers, "--input-topic", run.input,
        "--prefix", run.output, "--group", run.group, "--delivery", delivery, "--log-level", "warning",
    ]  # fmt: skip


def streams(*extra: str) -> Callable[[Run, str], list[str]]:
    """Kafka Streams, in Java: the pass-through only."""
    return lambda run, delivery: [str(ROOT / "bench" / "streams" / "run"), *_options(run, delivery), *extra]


def _options(run: Run, delivery: str) -> list[str]:
    return [
        "--bootstrap-servers", run.servers, "--input", run.input, "--output", run.output,
        "--group", run.group, "--delivery", delivery,
    ]  # fmt: skip


_ALL = (PASS, RAW, CORE)
_ITEMSTREAM = "one process, one transaction a partition and batch; the product's defaults"
_COMPILED = "the same, its core compiled with mypyc, as in the image"
_CLIENT = "linger.ms 5, batch.size 1 MB, fetch 4 MiB a partition"
_CONFLUENT = f"consume(2000), produce, {{}}; {_CLIENT}"
_QUIX = f"commit_interval 1 s; {_CLIENT}"
_STREAMS = "2 threads, Jackson, {}, linger.ms 5, batch.size 512 KiB, max.poll.records 10,000, fetch 4 MiB a partition"
_AIOKAFKA = "getmany(2000), one send a record, {}; linger_ms 5, max_batch_size 500 kB, fetch 4 MiB a partition, uvloop"
_TUNED = ("--threads", "2", "--tuning", "throughput")

PROGRAMS: tuple[Program, ...] = (
    Program("itemstream-eo", "itemstream", EXACTLY_ONCE, itemstream, _ITEMSTREAM, _ALL),
    Program("itemstream-alo", "itemstream", AT_LEAST_ONCE, itemstream, _ITEMSTREAM, _ALL),
    Program("compiled-eo", "itemstream, compiled core", EXACTLY_ONCE, compiled, _COMPILED, (CORE,)),
    Program("compiled-alo", "itemstream, compiled core", AT_LEAST_ONCE, compiled, _COMPILED, (CORE,)),
    Program(
        "confluent-eo", "confluent-kafka", EXACTLY_ONCE, module("confluent"),
        _CONFLUENT.format("a transaction a batch"), _ALL,
    ),
    Program(
        "confluent-alo", "confluent-kafka", AT_LEAST_ONCE, module("confluent"),
        _CONFLUENT.format("flush, commit"), _ALL,
    ),
    Program(
        "streams-eo", "Kafka Streams", EXACTLY_ONCE, streams(*_TUNED), _STREAMS.format("exactly_once_v2"), (PASS,)
    ),
    Program(
        "streams-alo", "Kafka Streams", AT_LEAST_ONCE, streams(*_TUNED), _STREAMS.format("at_least_once"), (PASS,)
    ),
    Program("quix-eo", "Quix Streams", EXACTLY_ONCE, module("quix"), _QUIX),
    Program("quix-alo", "Quix Streams", AT_LEAST_ONCE, module("quix"), _QUIX),
    Program(
        "aiokafka-eo", "aiokafka", EXACTLY_ONCE, module("plain_aiokafka"), _AIOKAFKA.format("a transaction a batch")
    ),
    Program("aiokafka-alo", "aiokafka", AT_LEAST_ONCE, module("plain_aiokafka"), _AIOKAFKA.format("commit")),
    Program(
        "bytewax-alo", "Bytewax", AT_LEAST_ONCE, module("bytewax_flow"),
        f"one worker, batches of 2,000, recovery store every second; {_CLIENT}",
    ),
    Program(
        "faststream-alo", "FastStream", AT_LEAST_ONCE, module("faststream_batches"),
        f"on confluent-kafka, batch subscriber of 2,000, publish_batch, orjson, no validation, uvloop; {_CLIENT}",
    ),
    Program(
        "faust-alo", "Faust", AT_LEAST_ONCE, module("stock_faust"),
        "one agent, one send a record, raw serializers, stream_wait_empty off, commit every second",
    ),
)  # fmt: skip

# At 1,000 records/s: as they come, and with what makes them answer soonest.
LATENCY: tuple[Program, ...] = (
    Program("itemstream-eo", "itemstream", EXACTLY_ONCE, itemstream, "the product's defaults"),
    Program("itemstream-alo", "itemstream", AT_LEAST_ONCE, itemstream, "the product's defaults"),
    Program(
        "confluent-eo", "confluent-kafka", EXACTLY_ONCE, module("confluent"),
        "consume waits 5 ms at most, then a transaction",
    ),
    Program(
        "streams-eo", "Kafka Streams, defaults", EXACTLY_ONCE, streams("--threads", "2"),
        "2 threads, commit.interval.ms 100",
    ),
    Program(
        "streams-eo-fastest", "Kafka Streams, fastest", EXACTLY_ONCE, streams("--threads", "2", "--tuning", "latency"),
        "2 threads, commit.interval.ms 1, linger.ms 0, poll.ms 1",
    ),
    Program(
        "streams-alo-fastest", "Kafka Streams, fastest", AT_LEAST_ONCE,
        streams("--threads", "2", "--tuning", "latency"), "2 threads, commit.interval.ms 1, linger.ms 0, poll.ms 1",
    ),
    Program(
        "quix-eo", "Quix Streams, defaults", EXACTLY_ONCE, module("quix", "--tuning", "defaults"),
        "commit_interval 5 s",
    ),
    Program(
        "quix-eo-fastest", "Quix Streams, fastest", EXACTLY_ONCE, module("quix", "--tuning", "latency"),
        "commit_interval 10 ms, linger.ms 0",
    ),
    Program(
        "quix-alo-fastest", "Quix Streams, fastest", AT_LEAST_ONCE, module("quix", "--tuning", "latency"),
        "commit_interval 10 ms, linger.ms 0",
    ),
)  # fmt: skip
