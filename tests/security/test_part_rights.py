"""Every other part does its work with the rights that `itemstream topics acls` prints for it."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.acls import PARTS, Deployment
from pipeline.ingest.event import EventRecord
from pipeline.ingest.journal.drain import Drain
from pipeline.ingest.journal.writer import JournalLimits, JournalWriter
from pipeline.ingest.relay.recorded import packed, unpacked
from pipeline.settings import Settings
from pipeline.worker.run import run_worker
from tests.console.api.support import client_of, running
from tests.faults.workload import events, produce
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import produce as produce_messages
from tests.kafka.support import read_all
from tests.security.broker import Rights, SecuredKafka
from tests.security.test_worker_rights import COMMAND, environment
from topics import Message, subscribe
from topics.admin.cluster import connect
from topics.subscribers import GiveUp, subscriber

pytestmark = pytest.mark.kafka

MESSAGES = 10


@pytest.fixture(scope="module")
def processed(secured: SecuredKafka) -> Deployed:
    """A deployment with some messages and one rejected record, made by a worker that may do everything."""
    return asyncio.run(_processed(secured.bootstrap_servers))


async def _processed(bootstrap_servers: str) -> Deployed:
    deployed = await deploy(bootstrap_servers, "parts", 1)
    await produce(bootstrap_servers, deployed.input_topic, list(events(4 * MESSAGES, 1)))
    await produce_messages(bootstrap_servers, deployed.input_topic, [(0, b"session-1", b"no json")])
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(deployed.settings(), stop))
    async with asyncio.timeout(30):
        while not await read_all(bootstrap_servers, f"{deployed.prefix}.rejected"):  # noqa: ASYNC110 - made elsewhere
            await asyncio.sleep(0.1)
    stop.set()
    await worker
    return deployed


def names(deployed: Deployed, reads: tuple[str, ...] = (), subscriber: str = "billing") -> Deployment:
    return Deployment(
        prefix=deployed.prefix, group=deployed.group, input_topic=deployed.input_topic, subscriber=subscriber,
        reads=reads or (deployed.messages,), replay_to=f"{deployed.prefix}-again",
    )  # fmt: skip


def run(deployed: Deployed, login: dict[str, Any], *arguments: str) -> str:
    """A command, done; what it printed."""
    settings = deployed.settings().model_dump(exclude_unset=True) | login
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment(settings), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("part", ["replay", "replay-in-place", "export", "redrive"])
async def test_a_command(secured: SecuredKafka, rights: Rights, processed: Deployed, part: str, tmp_path: Path) -> None:
    commands = {
        "export": ["export", "messages", "--to", str(tmp_path / "files"), "--format", "jsonl"],
        "redrive": ["rejected", "redrive", "--all"],
        "replay": ["replay", "--to-prefix", f"{processed.prefix}-again"],
        "replay-in-place": ["replay", "--in-place", "--yes"],
    }
    await rights.allow(PARTS[part].acls(names(processed)), f"User:{part}")
    run(processed, secured.login(part), *commands[part])
    if part == "export":
        (file,) = (tmp_path / "files").rglob("*.jsonl*")
        assert file.stat().st_size > 0
    if part == "redrive":
        assert len(await read_all(secured.bootstrap_servers, processed.input_topic)) == 4 * MESSAGES + 2
    if part == "replay":
        again = await read_all(secured.bootstrap_servers, f"{processed.prefix}-again.items.messages")
        assert len(again) == MESSAGES


async def test_an_import(secured: SecuredKafka, rights: Rights, processed: Deployed, tmp_path: Path) -> None:
    folder = str(tmp_path / "files")
    run(processed, {}, "export", "messages", "--to", folder, "--format", "jsonl")
    target = f"{processed.prefix}.items.other"
    await rights.allow(PARTS["import"].acls(names(processed, (target,))), "User:import")
    run(processed, secured.login("import"), "import", folder, "--to", target)
    assert len(await read_all(secured.bootstrap_servers, target)) == MESSAGES


def options(secured: SecuredKafka, deployed: Deployed, user: str) -> dict[str, Any]:
    settings = Settings.model_validate(secured.login(user))
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "prefix": deployed.prefix,
        "client_options": settings.connection(),
    }


async def test_a_program_that_reads(secured: SecuredKafka, rights: Rights, processed: Deployed) -> None:
    await rights.allow(PARTS["subscriber"].acls(names(processed)), "User:subscriber")
    where = options(secured, processed, "subscriber")
    found = [message async for message in subscribe(Message, group="billing", start="earliest", until="now", **where)]
    assert len(found) == MESSAGES


@pytest.mark.parametrize("transactional", [False, True])
async def test_a_program_with_retries_and_dead_letters(
    secured: SecuredKafka, rights: Rights, processed: Deployed, transactional: bool
) -> None:
    group = f"billing-{transactional}"
    await rights.allow(PARTS["handler"].acls(names(processed, subscriber=group)), "User:handler")
    where = options(secured, processed, "handler")
    handled = 0

    @subscriber(Message, group=group, start="earliest", transactional=transactional, **where)
    async def handle(message: Message) -> None:
        nonlocal handled
        handled += 1
        if handled == MESSAGES:
            handle.stop()
        if handled == 1:
            raise GiveUp("not for me")

    async with asyncio.timeout(40):
        await handle.run()
    assert handled == MESSAGES
    dead = await read_all(secured.bootstrap_servers, f"{processed.prefix}.subscribers.{group}.dead-letters")
    assert len(dead) == 1


async def test_a_relay(secured: SecuredKafka, rights: Rights, processed: Deployed, tmp_path: Path) -> None:
    await rights.allow(PARTS["relay"].acls(names(processed)), "User:relay")
    settings = Settings.model_validate(processed.settings().model_dump(exclude_unset=True) | secured.login("relay"))
    before = len(await read_all(secured.bootstrap_servers, processed.input_topic))
    journal = JournalWriter(tmp_path, JournalLimits())
    event = EventRecord(b"session-relay", b'{"type":"input_audio_buffer.cleared"}', [("ce_sequence", b"1")])
    assert journal.append(packed(processed.input_topic, event, 1_700_000_000_000))
    journal.close()
    finish = asyncio.Event()
    finish.set()
    drain = Drain(settings, tmp_path, unpacked)
    async with asyncio.timeout(30):
        await drain.run(asyncio.Event(), finish)
    assert (drain.stats.sent, drain.stats.error) == (1, None)
    assert len(await read_all(secured.bootstrap_servers, processed.input_topic)) == before + 1


async def test_an_autoscaler(secured: SecuredKafka, rights: Rights, processed: Deployed) -> None:
    """What KEDA's scaler asks for: metadata, where the group is, where the partitions end."""
    source = TopicPartition(processed.input_topic, 0)
    acls = PARTS["autoscaling"].acls(names(processed))
    settings = Settings.model_validate(secured.login("autoscaling"))
    where: Any = {"bootstrap_servers": settings.bootstrap_servers, **settings.connection()}

    async def reached() -> int | None:
        """How far the group is; None where that is refused."""
        async with connect(**where) as client:
            admin: Any = client
            try:
                return (await admin.list_consumer_group_offsets(processed.group, partitions=[source]))[source].offset
            except KafkaError:
                return None

    async def until_refused(refused: bool) -> None:
        async with asyncio.timeout(60):
            while (await reached() is None) is not refused:  # noqa: ASYNC110 - brokers hear of rights later
                await asyncio.sleep(0.1)

    await rights.allow(acls, "User:autoscaling")
    await until_refused(False)
    async with AIOKafkaConsumer(**where) as consumer:
        assert (await consumer.end_offsets([source]))[source] >= (await reached() or 0) > 0
    for acl in acls:  # each of them is needed
        await rights.remove(acl, "User:autoscaling")
        await until_refused(True)
        await rights.allow([acl], "User:autoscaling")
        await until_refused(False)


async def test_a_console(secured: SecuredKafka, rights: Rights, processed: Deployed, tmp_path: Path) -> None:
    acls = [*PARTS["console"].acls(names(processed)), *PARTS["redrive"].acls(names(processed))]
    await rights.allow(acls, "User:console")
    its_own = {"console_port": 0, "console_store": str(tmp_path / "store.sqlite3"), "console_local_role": "operator"}
    given = processed.settings().model_dump(exclude_unset=True) | secured.login("console") | its_own
    async with running(Settings.model_validate(given)) as url, client_of(url) as client:
        told = await client.until("/api/pipeline", lambda told: told["projection"]["lag"] == 0)
        assert {one["topic"] for one in told["partitions"]} == {processed.input_topic}
        session = (await client.get("/api/sessions"))["sessions"][0]["session_id"]
        assert (await client.get(f"/api/sessions/{session}/events"))["events"]
        assert "jobs" in await client.get("/api/replays")
        rejected = (await client.get("/api/rejected"))["rejected"]
        status, redriven = await client.post("/api/rejected/redrive", {"ids": [rejected[0]["id"]], "dry_run": False})
        assert status == 200
        assert redriven["records"][0]["outcome"] in ("sent", "skipped"), "skipped where another test sent it before"
        assert len((await client.get("/api/audit"))["entries"]) == 1
