"""`itemstream ingest relay`: what it says where it can't run, in one line."""

import socket
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.ingest.journal.folder import FolderLock
from pipeline.ingest.relay.upstream import upstream_at

UPSTREAM = ("--upstream", "ws://127.0.0.1:9")


pytestmark = pytest.mark.usefixtures("logs_as_they_were")


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        ((), 2, "the relay needs its provider's address: --upstream wss://api.openai.com, say"),
        (("--upstream", "api.openai.com"), 2, "give the provider's address, such as wss://api.openai.com"),
        (("--upstream", "wss://a:b@x.example"), 2, "query and credentials come from the client"),
        (("--upstream", "wss://x.example:99999"), 2, "--upstream wss://x.example:99999: Port out of range"),
        ((*UPSTREAM, "--ingest-host", "0.0.0.0"), 2, "name a key file with --ingest-keys"),
        ((*UPSTREAM, "--journal-full", "wait"), 2, "setting journal_full = 'wait' (from --journal-full)"),
        (
            ("--upstream", "wss://x.example", "--upstream-cafile", "/nowhere"),
            2,
            "upstream_cafile /nowhere: No such file",
        ),
        ((*UPSTREAM, "--journal-dir", "/dev/null/x"), 1, "journal_dir /dev/null/x can't be used: Not a directory"),
    ],
)
def test_what_it_refuses(
    arguments: tuple[str, ...], code: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ground = () if "--journal-dir" in arguments else ("--journal-dir", str(tmp_path))
    assert main(["ingest", "relay", *ground, *arguments]) == code
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith("itemstream: ")
    assert line in said[-1]


def test_a_port_that_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["ingest", "relay", *UPSTREAM, "--relay-port", port, "--journal-dir", str(tmp_path)]) == 1
    assert f"can't listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_a_second_relay_on_one_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FolderLock(tmp_path):
        assert main(["ingest", "relay", *UPSTREAM, "--relay-port", "0", "--journal-dir", str(tmp_path)]) == 1
    assert "belongs to a process that runs: give each relay a journal_dir of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "target", "provider"),
    [
        ("wss://api.openai.com", "/v1/realtime", "openai"),
        ("wss://eu.api.openai.com/", "/v1/realtime?call_id=rtc_1", "openai"),
        ("wss://me.openai.azure.com", "/openai/realtime?api-version=1&deployment=d", "azure-openai"),
        ("wss://me.cognitiveservices.azure.com", "/openai/v1/realtime", "azure-openai"),
        ("wss://me.services.ai.azure.com", "/voice-live/realtime?model=m", "azure-voice-live"),
        ("wss://api.x.ai", "/v1/realtime", "xai"),
        ("wss://rest-assistant.api.cloud.yandex.net", "/v1/realtime/openai?model=m", "yandex"),
        ("wss://ai.api.cloud.yandex.net", "/v1/realtime", "yandex"),
        ("wss://openai.com.example", "/v1/realtime", "openai.com.example"),
        ("ws://10.0.0.1:8000/base", "/v1/realtime", "10.0.0.1"),
    ],
)
def test_the_provider_by_its_address(url: str, target: str, provider: str) -> None:
    assert upstream_at(url).provider_of(target) == provider
    assert upstream_at(url, "mine").provider_of(target) == "mine"
