"""A great many broken events through the core: `python -m tests.core.fuzz_core --count 100000 --seed 1`.

Every record must end as used, ignored or rejected for a reason of the sender's; nothing may be raised, and every
record that comes out must be readable. Prints figures as JSON, the time beside that of the same events unbroken, and
leaves with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count, islice
from random import Random

import orjson

from pipeline.core import CoreSettings, Counts, Output, Partition
from pipeline.core.event import leading_type
from pipeline.core.handlers import HANDLERS
from pipeline.simulate import interleave, sessions
from tests.core.events import Json, Record
from tests.core.mutate import mutated
from tests.core.simulated import records_of
from topics.catalogue import CATALOGUE

BATCH = 200
MODELS = {f"realtime.{spec.name}": spec.model for spec in CATALOGUE if spec.model is not None}


@dataclass
class Figures:
    """What became of the records, and how much CPU it took, in seconds."""

    inputs: int = 0
    used: int = 0
    ignored: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    outputs: int = 0
    megabytes: float = 0.0
    seconds: float = 0.0
    clean_seconds: float = 0.0
    clean_megabytes: float = 0.0
    problems: list[str] = field(default_factory=list)


def clean(seed: int) -> Iterator[Record]:
    """Events of simulated sessions, without end. Most of those that change nothing are left out: they try little."""
    random = Random(seed)
    for round_ in count():
        for record in records_of(interleave(sessions(f"{seed}/{round_}", 40))):
            if (leading_type(record.value or b"") or b"").decode() in HANDLERS or random.random() < 0.1:
                yield record


def fuzz(number: int, seed: int, broken: float = 1.0) -> Figures:
    """So many events, this part of them broken, and the same events as they were."""
    random = Random(seed)
    figures = Figures()
    total, kinds = Counts(), Counter[str]()
    core, beside = Partition(CoreSettings()), Partition(CoreSettings())
    stream = clean(seed)
    while figures.inputs < number:
        whole = list(islice(stream, min(BATCH, number - figures.inputs)))
        batch: list[Record] = []
        for record in whole:
            name, record = mutated(random, record) if random.random() < broken else ("", record)
            kinds[name] += 1
            batch.append(record)
        figures.inputs += len(batch)
        figures.megabytes += sum(len(record.value or b"") for record in batch) / 1e6
        figures.clean_megabytes += sum(len(record.value or b"") for record in whole) / 1e6
        start = time.process_time()
        result = core.process(batch, batch[-1].timestamp)
        figures.seconds += time.process_time() - start
        start = time.process_time()
        beside.process(whole, whole[-1].timestamp)
        figures.clean_seconds += time.process_time() - start
        total.add(result.counts)
        figures.outputs += len(result.outputs)
        figures.problems += [problem for output in result.outputs if (problem := unreadable(output))]
    figures.used, figures.ignored = total.used, total.ignored
    figures.rejected = dict(sorted(total.rejected.items()))
    if total.consumed != total.used + total.ignored + sum(total.rejected.values()):
        figures.problems.append("the counters do not add up")
    if "internal_error" in total.rejected:
        figures.problems.append(f"{total.rejected['internal_error']} internal errors")
    return figures


def unreadable(output: Output) -> str | None:
    """What is wrong with an output, if anything."""
    if output.topic.endswith(".rejected"):
        headers = dict(output.headers)
        if headers["itemstream-reject-reason"] == b"internal_error":
            return f"{headers['kafka_dlt-exception-message']!r} for {(output.value or b'')[:300]!r}"
        return None
    try:
        MODELS[output.topic].model_validate_json(output.value or b"")
    except ValueError as error:
        return f"{output.topic}: {error} in {(output.value or b'')[:300]!r}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description="Broken events through the core.")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broken", type=float, default=1.0, help="part of the events that is broken")
    options = parser.parse_args()
    figures = fuzz(options.count, options.seed, options.broken)
    told: Json = asdict(figures)
    told["problems"] = figures.problems[:10]
    sys.stdout.write(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n")
    return 1 if figures.problems else 0


if __name__ == "__main__":
    sys.exit(main())
