"""The procedures of docs/runbook.md, as they are written there."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from pipeline.kafka import EmbeddedKafka
from tests.kafka.support import read_all
from tests.operations.conftest import PARTITIONS
from tests.operations.operating import Operator, written

pytestmark = pytest.mark.kafka

EARLY = [f"early-{number}" for number in range(12)]
LATE = [f"late-{number}" for number in range(12)]


@pytest.fixture(scope="module")
def other_cluster() -> Iterator[str]:
    with EmbeddedKafka() as kafka:
        yield kafka.bootstrap_servers


@pytest.mark.slow
async def test_upgrade_one_process_after_another(operator: Operator) -> None:
    second = Operator(operator.deployed, operator.folder)
    with second.worker():
        await second.ready()
        for number in range(2):  # each time another one
            with operator.worker():
                await operator.ready()
                await operator.say(EARLY, range(number, number + 1))
                await operator.hears(EARLY, number + 1)
        await operator.say(EARLY, range(2, 3))
        await operator.hears(EARLY, 3)


@pytest.mark.parametrize("waits", [False, pytest.param(True, marks=[pytest.mark.slow, pytest.mark.timeout(400)])])
async def test_adding_partitions(operator: Operator, waits: bool) -> None:
    """`waits`: until Prometheus would say that all conversations are over; here they are, as the test knows."""
    with operator.worker():
        await operator.say(EARLY, range(3))
        await operator.hears(EARLY, 3)
        if waits:
            await operator.conversations_over()
    await operator.types(written("itemstream topics apply --yes --partitions 24").replace("24", "4"))
    with operator.worker():
        await operator.say(LATE, range(3))
        await operator.hears(EARLY + LATE, 3)
    late = {
        record.partition
        for record in await read_all(operator.deployed.bootstrap_servers, operator.deployed.messages)
        if record.key.decode() in LATE
    }
    assert len(late) > PARTITIONS


@pytest.mark.slow
async def test_more_partitions_with_no_time_to_stop(operator: Operator) -> None:
    new = Operator(
        replace(operator.deployed, input_topic="events-v2", group="itemstream-v2", prefix="realtime-v2"),
        operator.folder,
    )
    with operator.worker():
        await operator.say(EARLY, range(2))
        names = "--input-topic events-v2 --group itemstream-v2 --prefix realtime-v2"
        command = written(f"itemstream topics apply --yes --partitions 24 {names}")
        await operator.types(command.replace("24", "4"))
        with new.worker():
            await new.say(LATE, range(2))
            await new.hears(LATE, 2)
        await operator.hears(EARLY, 2)


async def test_state_made_anew_where_the_changelog_is_lost(operator: Operator) -> None:
    with operator.worker():
        await operator.say(EARLY, range(2))
        await operator.hears(EARLY, 2)
    admin = AIOKafkaAdminClient(bootstrap_servers=operator.deployed.bootstrap_servers)
    await admin.start()
    await admin.delete_topics([f"{operator.deployed.group}-sessions-changelog"])
    await admin.close()
    await operator.types(written("itemstream topics apply --yes"))
    with operator.worker(written("--rebuild-state")):
        await operator.say(EARLY, range(2, 4))
        await operator.hears(EARLY, 4)


async def test_moving_to_another_cluster(operator: Operator, other_cluster: str) -> None:
    with operator.worker():
        await operator.say(EARLY, range(2))
        await operator.hears(EARLY, 2)
    new = operator.on(other_cluster)
    await new.types(f"itemstream topics apply --yes --partitions {PARTITIONS}")
    await operator.types(written("itemstream export messages --to history/messages"))
    await new.types(written("itemstream import history/messages --to messages"))
    with new.worker():
        await new.say(LATE, range(2))
        await new.hears(EARLY + LATE, 2)


async def test_a_copied_input_gives_the_same_records(operator: Operator, other_cluster: str) -> None:
    with operator.worker():
        await operator.say(EARLY, range(2))
        await operator.hears(EARLY, 2)
    new = operator.on(other_cluster)
    await new.types(f"itemstream topics apply --yes --partitions {PARTITIONS}")
    await operator.types("itemstream export events --to history/events")
    await new.types("itemstream import history/events --to events")
    with new.worker():
        await new.hears(EARLY, 2)
    ids = [
        sorted(
            (record.key, record.value)
            for record in await read_all(where.deployed.bootstrap_servers, operator.deployed.messages)
        )
        for where in (operator, new)
    ]
    assert ids[0] == ids[1]


async def test_a_persons_records_gone_at_once(operator: Operator) -> None:
    gone, stays = EARLY[:1], EARLY[1:]
    with operator.worker():
        await operator.say(EARLY, range(2))
        await operator.hears(EARLY, 2)
        await operator.types(f"itemstream forget {gone[0]} --yes")
        await operator.types(written("itemstream export messages --to kept"))
        cut = [
            {"topic": operator.deployed.messages, "partition": partition, "offset": -1}
            for partition in range(PARTITIONS)
        ]
        (operator.folder / "offsets.json").write_text(json.dumps({"version": 1, "partitions": cut}))
        await operator.types_kafka("kafka-delete-records.sh", written("--offset-json-file"), "offsets.json")
        assert await operator.heard() == {}
        await operator.types(written("itemstream import kept --to messages --same-topic"))
        await operator.hears(stays, 2)
        await operator.say(stays, range(2, 3))
        await operator.hears(stays, 3)


async def test_a_longer_retention(operator: Operator) -> None:
    entity = ("--entity-type", "topics", "--entity-name", operator.deployed.input_topic)
    week = "604800000"
    await operator.types_kafka("kafka-configs.sh", "--alter", *entity, "--add-config", f"retention.ms={week}")
    assert f"retention.ms={week}" in await operator.types_kafka("kafka-configs.sh", "--describe", *entity)
