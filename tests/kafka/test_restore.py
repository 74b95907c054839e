"""What a core is fed when its partition starts: of every key the last committed record, and no deletions."""

import gc

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.core import BatchResult, Counts
from pipeline.streaming import StreamConfig
from pipeline.streaming.changelog import position_record, restore
from pipeline.streaming.failures import UnrecoverableError

pytestmark = pytest.mark.kafka


class Noted:
    """A core that notes what it is fed."""

    def __init__(self) -> None:
        self.fed: dict[bytes, bytes | None] = {}
        self.searched: list[bool] = []
        self.ready = False

    def restore(self, key: bytes, value: bytes | None) -> None:
        assert key not in self.fed, "a key twice"
        if value == b"unreadable":
            raise ValueError("no version")
        self.fed[key] = value
        self.searched.append(gc.isenabled())

    def restored(self) -> None:
        self.ready = True

    def process(self, records: object, now_ms: int) -> BatchResult:
        raise AssertionError

    def idle(self, wall_ms: int) -> BatchResult:
        return BatchResult([], [], Counts())


@pytest.fixture
async def changelog(bootstrap_servers: str, unique: str) -> StreamConfig:
    config = StreamConfig(
        bootstrap_servers=bootstrap_servers,
        group=unique,
        input_topic=f"in-{unique}",
        changelog_topic=f"changelog-{unique}",
        output_topics=(),
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(config.changelog_topic, 1, 1)])
    await admin.close()
    return config


async def write(config: StreamConfig, *records: tuple[bytes, bytes | None], commit: bool = True) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=config.bootstrap_servers, transactional_id=f"{config.group}-t"
    ) as producer:
        await producer.begin_transaction()
        for key, value in records:
            await producer.send_and_wait(config.changelog_topic, value, key=key, partition=0)
        await (producer.commit_transaction() if commit else producer.abort_transaction())


async def test_the_last_record_of_a_key_counts(changelog: StreamConfig) -> None:
    await write(changelog, (b"a", b"unreadable"), (b"b", b"1"), (b"c", b"1"), position_record(7))
    await write(changelog, (b"a", b"2"), (b"c", None), position_record(9))
    await write(changelog, (b"a", b"3"), (b"d", b"3"), position_record(11), commit=False)
    core = Noted()
    restored = await restore(changelog, 0, core)
    assert core.fed == {b"a": b"2", b"b": b"1"}
    assert core.ready
    assert (restored.records, restored.position) == (5, 9)


async def test_no_cycles_are_searched_for_meanwhile(changelog: StreamConfig) -> None:
    await write(changelog, (b"a", b"1"))
    core = Noted()
    await restore(changelog, 0, core)
    assert core.searched == [False]
    assert gc.isenabled()


async def test_a_record_that_cannot_be_read_is_told_with_its_place(changelog: StreamConfig) -> None:
    await write(changelog, (b"a", b"1"), (b"b", b"unreadable"))
    with pytest.raises(
        UnrecoverableError, match=rf"{changelog.changelog_topic}\[0\] offset 1 can't be read: no version"
    ):
        await restore(changelog, 0, Noted())
    assert gc.isenabled()
