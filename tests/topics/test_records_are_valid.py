"""What the core writes for recorded sessions is valid by the published schemas, and reads back by the models whole."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from pipeline.core import CoreSettings, Output, Partition
from topics.catalogue import CATALOGUE, INPUT_TOPIC
from topics.schemas import load_schema

PREFIX = "realtime"
START_MS = 1_760_000_000_000
STEP_MS = 50
HOUR_MS = 3_600_000

SPECS = {spec.full_name(PREFIX): spec for spec in CATALOGUE}
VALIDATORS = {
    name: Draft202012Validator(load_schema(spec), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for name, spec in SPECS.items()
    if spec.model is not None
}


@dataclass
class Record:
    """An input record, as Kafka would bring it."""

    offset: int
    value: bytes
    topic: str = INPUT_TOPIC.name
    partition: int = 0
    timestamp_type: int = 0
    key: bytes = b"session"
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def timestamp(self) -> int:
        return START_MS + self.offset * STEP_MS


def recorded(file: Path) -> Iterator[Record]:
    for number, line in enumerate(file.read_text().splitlines()):
        row: dict[str, Any] = json.loads(line)
        if row.get("direction") == "received":
            yield Record(number, json.dumps(row["event"]).encode())


def outputs_of(file: Path) -> list[Output]:
    partition = Partition(CoreSettings(prefix=PREFIX))
    partition.restored()
    records = list(recorded(file))
    done = partition.process(records, START_MS + len(records) * STEP_MS)
    return [*done.outputs, *partition.idle(START_MS + HOUR_MS).outputs]


def test_every_record_is_valid(recordings: Path) -> None:
    checked = 0
    for file in sorted(recordings.glob("*.jsonl")):
        for output in outputs_of(file):
            assert output.topic in VALIDATORS, f"{file.name}: a recorded event came out on {output.topic}"
            assert output.value is not None
            value = json.loads(output.value)
            problems = [f"{p.json_path}: {p.message}" for p in VALIDATORS[output.topic].iter_errors(value)]
            assert problems == [], f"{file.name} {output.topic}"
            spec = SPECS[output.topic]
            assert spec.model is not None
            record = spec.model.model_validate_json(output.value)
            assert record.model_dump(mode="json", exclude_unset=True) == value
            headers = dict(output.headers)
            assert headers["ce_type"] == spec.record_type.encode()
            assert headers["ce_id"] == value["id"].encode()
            checked += 1
    assert checked > 50
