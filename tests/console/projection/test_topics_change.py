"""Topics that are made anew, lose their beginning, or come later, while the console is there or not."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import TopicPartition

from pipeline.console.opening import store_of
from pipeline.console.projection import projection as projecting_of
from pipeline.console.projection.changes import Changed
from pipeline.console.projection.positions import RecreatedError
from pipeline.console.projection.projection import Projection
from pipeline.console.store.store import Store
from pipeline.core.records import Output
from pipeline.erasure.forget import forget
from tests.console.projection.reference import contents, expected
from tests.console.projection.support import projecting, until
from tests.console.projection.test_projection_kafka import is_read, on_the_topics
from tests.examples.support import _write, simulated
from tests.kafka.deploy import Deployed, deploy

pytestmark = pytest.mark.kafka


@pytest.fixture
async def deployed(bootstrap_servers: str, unique: str) -> Deployed:
    return await deploy(bootstrap_servers, unique, 2)


def opened(folder: Path, deployed: Deployed) -> Store:
    return store_of(deployed.settings(console_store=str(folder / "store.db")))


async def read_all(deployed: Deployed, store: Store) -> list[Any]:
    """The store is brought up to the topics; what they hold."""
    records = await on_the_topics(deployed)
    async with projecting(Projection(deployed.settings(), store)):
        await until(lambda: is_read(store, records))
    return records


async def administered(deployed: Deployed, what: str, *arguments: Any) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=deployed.bootstrap_servers)
    await admin.start()
    try:
        return await getattr(admin, what)(*arguments)
    finally:
        await admin.close()


async def make_anew(deployed: Deployed, outputs: list[Output]) -> None:
    """All output topics deleted and made again, with these records."""
    names = {one.topic for one in outputs} | {deployed.messages}
    await administered(deployed, "delete_topics", sorted(names))
    for _ in range(100):
        if not names & {one["topic"] for one in await administered(deployed, "describe_topics")}:
            break
        await asyncio.sleep(0.1)
    await deploy(deployed.bootstrap_servers, deployed.prefix.removeprefix("test-"), 2)
    await _write(deployed, outputs)


@pytest.mark.parametrize("again", [10, 25])
async def test_a_topic_made_anew_is_told_of(deployed: Deployed, tmp_path: Path, again: int) -> None:
    outputs = simulated(deployed.prefix, 25)
    with opened(tmp_path, deployed) as store:
        await _write(deployed, simulated(deployed.prefix, 15))
        before = await read_all(deployed, store)
        await make_anew(deployed, outputs[again - 10 :])
        if again == 10:
            await make_anew(deployed, outputs[:20])
        with pytest.raises(RecreatedError, match=r"was deleted and made anew .* itemstream console --rebuild"):
            await asyncio.wait_for(Projection(deployed.settings(), store).run(), 60)
        assert contents(store) == expected(before, deployed.prefix)
        store.rebuild({"prefix": deployed.prefix})
        records = await read_all(deployed, store)
        assert contents(store) == expected(records, deployed.prefix)


async def test_what_kafka_deleted_unread_is_told_of(
    deployed: Deployed, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outputs = simulated(deployed.prefix, 20)
    with opened(tmp_path, deployed) as store:
        await _write(deployed, outputs[:50])
        before = await read_all(deployed, store)
        await _write(deployed, outputs[50:])
        places = {TopicPartition(one.topic, one.partition) for one in await on_the_topics(deployed)}
        ends = dict.fromkeys(places, 0)
        for one in await on_the_topics(deployed):
            ends[TopicPartition(one.topic, one.partition)] = one.offset
        await administered(
            deployed, "delete_records", {place: RecordsToDelete(before_offset=end) for place, end in ends.items()}
        )
        left = await on_the_topics(deployed)
        assert len(left) < len(outputs) - 50
        projection = Projection(deployed.settings(), store)
        async with projecting(projection):
            await until(lambda: is_read(store, left))
        assert any("Kafka deleted offsets" in line for line in projection.status.lost)
        assert projection.status.lost == [one.getMessage() for one in caplog.records if "deleted" in one.getMessage()]
        assert contents(store) == expected([*before, *left], deployed.prefix)


async def forgotten(changes: AsyncGenerator[Changed]) -> set[str]:
    """The first that are; the change of the last batch may be told before."""
    while not (names := (await anext(changes)).forgotten):
        pass
    return names


async def test_sessions_erased_later_are_forgotten(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting_of, "REFRESH_SECONDS", 0.2)
    outputs = simulated(deployed.prefix, 12)
    await _write(deployed, outputs)
    gone = (outputs[0].key or b"").decode()
    with opened(tmp_path, deployed) as store:
        records = await on_the_topics(deployed)
        projection = Projection(deployed.settings(), store)
        async with projecting(projection):
            await until(lambda: is_read(store, records))
            changes = projection.changes.listen()
            told = asyncio.ensure_future(forgotten(changes))
            await asyncio.sleep(0)
            # The topic of the list is made by the first who is forgotten.
            await forget(deployed.settings(), [gone], write=True)
            assert await asyncio.wait_for(told, 60) == {gone}
            await changes.aclose()
        assert contents(store) == expected(records, deployed.prefix, [gone])
        # Read again from the beginning, they never get in.
        store.rebuild({"prefix": deployed.prefix})
        seen: set[str] = set()
        projection = Projection(deployed.settings(), store)
        async with projecting(projection):
            changes = projection.changes.listen()
            while not is_read(store, records):
                seen |= (await asyncio.wait_for(anext(changes), 60)).sessions.keys()
            await changes.aclose()
        assert seen
        assert gone not in seen
        assert contents(store) == expected(records, deployed.prefix, [gone])


async def test_two_of_them_on_one_store_do_no_harm(deployed: Deployed, tmp_path: Path) -> None:
    await _write(deployed, simulated(deployed.prefix, 12))
    records = await on_the_topics(deployed)
    with opened(tmp_path, deployed) as store, opened(tmp_path, deployed) as other:
        one, two = Projection(deployed.settings(), store), Projection(deployed.settings(), other)
        async with projecting(one), projecting(two):
            await until(lambda: is_read(store, records))
        assert contents(store) == expected(records, deployed.prefix)
