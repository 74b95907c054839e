"""`itemstream topics` on a real broker, as a user calls it."""

import json

import pytest

from pipeline.cli.main import main

pytestmark = pytest.mark.kafka


@pytest.fixture
def where(bootstrap_servers: str, prefix: str, group: str) -> list[str]:
    return [
        *("--bootstrap-servers", bootstrap_servers),
        *("--prefix", prefix),
        *("--group", group),
        *("--input-topic", f"{prefix}.events"),
    ]


def test_plan_apply_check(where: list[str], prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "check", *where]) == 1
    assert f"error: topic {prefix}.responses is missing" in capsys.readouterr().out

    assert main(["topics", "plan", *where, "--partitions", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 12

    assert main(["topics", "apply", "--yes", "--partitions", "2", "--replication-factor", "1", *where]) == 0
    assert capsys.readouterr().out.endswith("Done: 12 changes made.\n")

    assert main(["topics", "check", *where]) == 0
    assert capsys.readouterr().out == "All 12 topics are as they should be.\n"

    assert main(["topics", "apply", "--yes", *where]) == 0
    assert capsys.readouterr().out == "Nothing to do: the topics are as catalogued.\n"

    assert main(["topics", "apply", "--yes", "--partitions", "1", *where]) == 0
    assert "Kafka cannot reduce partitions" in capsys.readouterr().out

    assert main(["topics", "apply", "--yes", "--partitions", "3", "--keep-partitions", *where]) == 0
    assert "3 partitions wanted, but topics that are there keep theirs" in capsys.readouterr().out

    assert main(["topics", "plan", "--partitions", "3", *where]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Warning: ")]
    assert len(warnings) == 3


def test_json(where: list[str], prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "apply", "--yes", "--json", "--partitions", "1", *where]) == 0
    applied = json.loads(capsys.readouterr().out)
    assert applied["applied"]
    assert {change["action"] for change in applied["changes"]} == {"create"}

    assert main(["topics", "check", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "problems": []}

    assert main(["topics", "describe", "--json", *where]) == 0
    topics = json.loads(capsys.readouterr().out)
    assert [topic["cluster"]["partitions"] for topic in topics] == [1] * 12
    assert topics[1]["topic"] == f"{prefix}.items.messages"


def test_nobody_to_ask(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "apply", *where]) == 2
    assert "--yes" in capsys.readouterr().err


def test_describe_without_a_broker(unused_tcp_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "describe", "--bootstrap-servers", f"127.0.0.1:{unused_tcp_port}"]) == 0
    shown = capsys.readouterr()
    assert "realtime.items.messages\titemstream.message.v1\t6" in shown.out
    assert len(shown.err.splitlines()) == 1


def test_plan_without_a_broker_is_one_line(unused_tcp_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "plan", "--bootstrap-servers", f"127.0.0.1:{unused_tcp_port}"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"itemstream: no Kafka broker answers at 127.0.0.1:{unused_tcp_port}; start one or set --bootstrap-servers"
    ]
