"""A worker over TLS and SCRAM, with the rights that `itemstream topics acls` prints: no more, and none less."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.acls import PARTS, Acl, Deployment
from pipeline.settings import Settings, variable_of
from pipeline.worker.preflight import PreflightError, preflight
from tests.faults.workload import Event, events, expected, judge
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import read_all
from tests.security.broker import PASSWORD, Rights, SecuredKafka

pytestmark = pytest.mark.kafka

COMMAND = (sys.executable, "-m", "pipeline.cli.main")
NAME = "acls"
NAMES = Deployment(
    prefix=f"test-{NAME}", group=f"group-{NAME}", input_topic=f"events-{NAME}",
    subscriber="billing", reads=(), replay_to=f"test-{NAME}-replay",
)  # fmt: skip
WORKER = PARTS["worker"].acls(NAMES)
PARTITIONS = 2


def environment(settings: dict[str, object]) -> dict[str, str]:
    return {**os.environ, **{variable_of(name): str(value) for name, value in settings.items()}}


def printed_commands(secured: SecuredKafka, part: str) -> list[list[str]]:
    """What the command prints, as a shell would read it."""
    asked = [*COMMAND, "topics", "acls", part, "--commands", "--principal", "User:{part}"]
    names = ["--prefix", NAMES.prefix, "--group", NAMES.group, "--input-topic", NAMES.input_topic]
    where = ["--bootstrap-servers", secured.bootstrap_servers]
    done = subprocess.run([*asked, *names, *where], capture_output=True, text=True, check=True)
    lines = done.stdout.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def deployed(secured: SecuredKafka, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """Topics, and the rights of worker and ingest given by the printed commands, run by Kafka's own tool."""
    deployed = asyncio.run(deploy(secured.bootstrap_servers, NAME, PARTITIONS))
    folder = tmp_path_factory.mktemp("acls")
    (folder / "admin.properties").write_text("")
    for command in (*printed_commands(secured, "worker"), *printed_commands(secured, "ingest")):
        secured.run_tool(command, folder)
    return deployed


@pytest.fixture
def login(secured: SecuredKafka, deployed: Deployed) -> dict[str, object]:
    """The settings of the worker's user."""
    return deployed.settings().model_dump(exclude_unset=True) | secured.login("worker")


async def test_the_printed_commands_gave_the_rights_that_the_catalogue_says(deployed: Deployed, rights: Rights) -> None:
    assert await rights.count("User:worker") == len(WORKER)
    assert await rights.count("User:ingest") == len(PARTS["ingest"].acls(NAMES))


async def test_it_works_end_to_end(
    secured: SecuredKafka, deployed: Deployed, login: dict[str, object], tmp_path: Path
) -> None:
    ingest = Settings.model_validate(deployed.settings().model_dump(exclude_unset=True) | secured.login("ingest"))
    load = list(events(800, PARTITIONS))
    for delivery, first, last in (("exactly-once", 0, 400), ("at-least-once", 400, 800)):
        await send(ingest, load[first:last])
        log = tmp_path / f"{delivery}.log"
        with running(environment({**login, "delivery": delivery}), log) as worker:
            async with asyncio.timeout(40):
                while len(await read_all(secured.bootstrap_servers, deployed.messages)) < last // 4:
                    assert worker.poll() is None, log.read_text()
                    await asyncio.sleep(0.2)
            worker.terminate()
            assert await asyncio.to_thread(worker.wait, 10) == 0, log.read_text()
    outcome = judge(await read_all(secured.bootstrap_servers, deployed.messages), expected(800))
    assert outcome.summary == "lost 0, duplicates 0 (other ids 0), unexpected 0, out of order 0"


async def send(settings: Settings, load: Sequence[Event]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, enable_idempotence=True, **settings.connection()
    ) as producer:
        sent = [
            await producer.send(settings.input_topic, event.value, event.session.encode(), event.partition)
            for event in load
        ]
        await asyncio.gather(*sent)


@contextmanager
def running(environment: dict[str, str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    with log.open("wb") as stderr:
        worker = subprocess.Popen([*COMMAND, "worker"], env=environment, stderr=stderr)
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()


@pytest.mark.parametrize("acl", WORKER, ids=lambda acl: f"{acl.operation}-{acl.kind}-{acl.name}")
async def test_without_one_of_them_it_refuses_to_start_and_names_it(
    login: dict[str, object], rights: Rights, acl: Acl
) -> None:
    settings = Settings.model_validate(login)
    await until_it_starts(settings)
    await rights.remove(acl, "User:worker")
    try:
        told = await until_refused(settings)
    finally:
        await rights.allow([acl], "User:worker")
    assert acl.operation in told
    assert "\n" not in told
    named = {word.strip(",:;") for word in told.split()}
    assert [name for name in {one.name for one in WORKER} if any(is_meant(name, word) for word in named)] == [acl.name]


@pytest.mark.parametrize("acl", [WORKER[0], *(acl for acl in WORKER if acl.kind != "topic")], ids=lambda acl: acl.kind)
async def test_the_command_ends_with_1_and_one_line(login: dict[str, object], rights: Rights, acl: Acl) -> None:
    settings = Settings.model_validate(login)
    await until_it_starts(settings)
    await rights.remove(acl, "User:worker")
    try:
        await until_refused(settings)
        done = await asyncio.to_thread(
            subprocess.run, [*COMMAND, "worker"], env=environment(login), capture_output=True, text=True, timeout=60
        )
    finally:
        await rights.allow([acl], "User:worker")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("itemstream: no right to ")
    assert acl.name in line
    assert PASSWORD not in line


def is_meant(name: str, word: str) -> bool:
    """Of transactional ids the message names one, the rule how they begin."""
    return word == name or (name.endswith("-") and word.startswith(name))


async def until_it_starts(settings: Settings) -> None:
    """A rule takes a moment to reach the broker."""
    async with asyncio.timeout(15):
        while True:
            try:
                await preflight(settings)
            except PreflightError:
                await asyncio.sleep(0.05)
            else:
                return


async def until_refused(settings: Settings) -> str:
    async with asyncio.timeout(15):
        while True:
            try:
                await preflight(settings)
            except PreflightError as error:
                return str(error)
            await asyncio.sleep(0.05)
