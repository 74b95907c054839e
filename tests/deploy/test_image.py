"""The image without a Docker engine: built step by step, and its services of docker-compose.yml run end to end, each as
the user, with the arguments and on the read-only folders that Docker would give it."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from pipeline.kafka.probe import free_ports
from tests.deploy.container import ROOT, Image, can_run
from tests.faults.workload import events, expected, judge, produce
from tests.kafka.support import read_all, until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.skipif(not can_run(), reason="needs root, unshare, setpriv and Debian's python3-venv"),
]

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
EVENTS = 400


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    with Image(tmp_path_factory.mktemp("image")) as image:
        image.build("worker")
        yield image


@pytest.fixture
def settings(bootstrap_servers: str, prefix: str, group: str) -> dict[str, str]:
    """What differs here from docker-compose.yml: where Kafka is, and names of this test's own."""
    return {
        "ITEMSTREAM_BOOTSTRAP_SERVERS": bootstrap_servers,
        "ITEMSTREAM_PREFIX": prefix,
        "ITEMSTREAM_GROUP": group,
        "ITEMSTREAM_INPUT_TOPIC": f"{prefix}.server-events",
    }


def service(name: str, settings: dict[str, str], **changes: str) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of a service."""
    told = SERVICES[name]
    defaults = {
        key: re.sub(r"\$\{\w+:(?:-(.*?)|\+.*?)\}", r"\1", value)
        for key, value in told["environment"].items()
        if value is not None
    }
    return told["command"], {**defaults, **settings, **changes}


def ends_well(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def running(command: list[str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def apply_topics(image: Image, settings: dict[str, str]) -> None:
    arguments, env = service("topics", settings)
    done = subprocess.run(image.command("worker", arguments, env), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def stopped(process: subprocess.Popen[bytes], image: Image, log: Path) -> None:
    """As `docker stop` does it."""
    process.send_signal(signal.Signals[image.stages["worker"].stop_signal])
    assert await asyncio.to_thread(process.wait, 20) == 0, await asyncio.to_thread(log.read_text)


def test_what_is_inside(image: Image) -> None:
    inside = json.loads(image.path("worker", "/opt/itemstream/sbom.json").read_text())
    components = {component["name"]: component["version"] for component in inside["components"]}
    locked = dict(
        line.split(" ", 1)[0].split("==")
        for line in (ROOT / "deploy" / "requirements.lock").read_text().splitlines()
        if "==" in line
    )
    assert inside["bomFormat"] == "CycloneDX"
    assert components["itemstream"]
    assert {name: components[name] for name in ("aiokafka", "orjson", "pydantic")} == {
        name: locked[name] for name in ("aiokafka", "orjson", "pydantic")
    }
    assert not {"pip", "pytest", "pyarrow"} & components.keys()
    page = json.loads(image.path("worker", "/opt/itemstream/sbom-page.json").read_text())
    assert {"react", "tslib"} <= {component["name"] for component in page["components"]}


def test_it_is_nobody_and_can_write_nowhere(image: Image) -> None:
    code = "import os; print(os.getuid(), os.getgid(), open('/proc/self/status').read().split('CapEff:')[1].split()[0])"
    done = subprocess.run(image.inside("worker", ["python", "-c", code]), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["10001", "10001", "0" * 16]
    for place in ("/opt/itemstream/x", "/x", "/etc/x"):
        failed = subprocess.run(image.inside("worker", ["touch", place]), capture_output=True, text=True, check=False)
        assert "Read-only file system" in failed.stderr


async def test_topics_and_worker(image: Image, settings: dict[str, str], prefix: str, tmp_path: Path) -> None:
    servers = settings["ITEMSTREAM_BOOTSTRAP_SERVERS"]
    apply_topics(image, settings)
    await produce(servers, settings["ITEMSTREAM_INPUT_TOPIC"], list(events(EVENTS, 6)))
    (port,) = free_ports(1)
    arguments, env = service("worker", settings, ITEMSTREAM_WEB_PORT=str(port))
    log = tmp_path / "worker.log"
    with running(image.command("worker", arguments, env), log) as worker:
        check = image.healthcheck("worker", env)
        await until(lambda: ends_well(check))
        async with asyncio.timeout(40):
            while len(await read_all(servers, f"{prefix}.items.messages")) < EVENTS // 4:
                assert worker.poll() is None, log.read_text()
                await asyncio.sleep(0.2)
        await stopped(worker, image, log)
        assert not ends_well(check)
    outcome = judge(await read_all(servers, f"{prefix}.items.messages"), expected(EVENTS))
    assert outcome.summary.startswith("lost 0, duplicates 0")
    assert all(json.loads(line) for line in log.read_text().splitlines())


@asynccontextmanager
async def collector(image: Image, settings: dict[str, str], keys: Path, log: Path) -> AsyncGenerator[str]:
    (port,) = free_ports(1)
    _, env = service("ingest", settings, ITEMSTREAM_INGEST_KEYS="/tmp/keys.json", ITEMSTREAM_INGEST_PORT=str(port))
    volume = f"install -o 10001 -m 600 {keys} {image.mount}/tmp/keys.json"
    command = image.inside("worker", ["itemstream", *SERVICES["ingest"]["command"]], env, volume)
    url = f"http://127.0.0.1:{port}"
    test = [word.replace("http://127.0.0.1:8088", url) for word in SERVICES["ingest"]["healthcheck"]["test"][1:]]
    with running(command, log) as process:
        await until(lambda: ends_well(image.inside("worker", test)))
        yield url
        await stopped(process, image, log)


@asynccontextmanager
async def relay(image: Image, settings: dict[str, str], keys: Path, upstream: str, log: Path) -> AsyncGenerator[str]:
    """The service, its journal in a volume that begins as Docker begins one: as the image's own folder."""
    port, web_port = free_ports(2)
    _, env = service(
        "relay", settings, ITEMSTREAM_INGEST_KEYS="/tmp/keys.json", ITEMSTREAM_RELAY_PORT=str(port),
        ITEMSTREAM_WEB_PORT=str(web_port), ITEMSTREAM_UPSTREAM=upstream, ITEMSTREAM_RELAY_PATIENCE="0",
    )  # fmt: skip
    owner = f"$(stat -c uid=%u,gid=%g,mode=%a {image.mount}/journal)"
    volumes = (
        f"mount -t tmpfs -o {owner} tmpfs {image.mount}/journal\n"
        f"install -o 10001 -m 600 {keys} {image.mount}/tmp/keys.json"
    )
    command = image.inside("worker", ["itemstream", *SERVICES["relay"]["command"]], env, volumes)
    check = image.healthcheck("worker", env)
    with running(command, log) as process:
        await until(lambda: ends_well(check))
        yield f"ws://127.0.0.1:{port}/v1/realtime"
        await stopped(process, image, log)


def new_key(file: Path) -> str:
    add = [sys.executable, "-m", "pipeline.cli.main", "ingest", "keys", "add", "local", "--ingest-keys", str(file)]
    return subprocess.run(add, capture_output=True, text=True, check=True).stdout.strip()


async def test_ingest(image: Image, settings: dict[str, str], tmp_path: Path) -> None:
    apply_topics(image, settings)
    keys = tmp_path / "keys.json"
    key = new_key(keys)
    async with collector(image, settings, keys, tmp_path / "ingest.log") as url:
        request = urllib.request.Request(
            f"{url}/v1/realtime/server-events/response.done",
            json.dumps({"type": "response.done", "event_id": "e1", "response": {"id": "r1"}}).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        answer = await asyncio.to_thread(urllib.request.urlopen, request, None, 10)
        assert answer.status == 200
    (record,) = await read_all(settings["ITEMSTREAM_BOOTSTRAP_SERVERS"], settings["ITEMSTREAM_INPUT_TOPIC"])
    assert dict(record.headers)["ce_tenant"] == b"local"


async def test_relay(image: Image, settings: dict[str, str], tmp_path: Path) -> None:
    apply_topics(image, settings)
    keys = tmp_path / "keys.json"
    key = new_key(keys)

    async def say(connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "response.done", "event_id": "e1", "response": {"id": "r1"}}))
        await connection.wait_closed()

    async with serve(say, "127.0.0.1", 0) as provider:
        upstream = f"ws://127.0.0.1:{next(iter(provider.sockets)).getsockname()[1]}"
        async with (
            relay(image, settings, keys, upstream, tmp_path / "relay.log") as url,
            connect(url, additional_headers={"X-Itemstream-Key": key}, proxy=None) as connection,
        ):
            await connection.recv()
    servers, topic = settings["ITEMSTREAM_BOOTSTRAP_SERVERS"], settings["ITEMSTREAM_INPUT_TOPIC"]
    (record,) = await read_all(servers, topic)
    assert dict(record.headers)["ce_tenant"] == b"local"
