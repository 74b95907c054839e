"""Fetching Kafka's jars: once, whole or not at all, and every failure in one line. Maven is a script here."""

import multiprocessing
import os
from pathlib import Path

import pytest

from pipeline.errors import ItemstreamError
from pipeline.kafka.artifacts import kafka_jars

JAVA = Path("/usr/bin/java")

# Slow enough that a second process comes while it runs; counts its calls.
GOOD_MAVEN = """#!/bin/sh
echo call >> "$CALLS"
for arg; do case "$arg" in -DoutputDirectory=*) out="${arg#-DoutputDirectory=}";; esac; done
mkdir -p "$out"; echo half > "$out/a.jar"; sleep 0.5; echo jar > "$out/b.jar"
"""
BAD_MAVEN = """#!/bin/sh
printf '\\033[1m[INFO]\\033[m start\\n[\\033[1;31mERROR\\033[m] Could not find artifact kafka\\n[ERROR] more\\n'; exit 1
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ITEMSTREAM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "cache"


def with_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    maven = tmp_path / "bin" / "mvn"
    maven.write_text(script)
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


def test_several_at_once_fetch_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_maven(tmp_path, monkeypatch, GOOD_MAVEN)
    with multiprocessing.get_context("fork").Pool(3) as pool:
        folders = pool.map(kafka_jars, [JAVA] * 3)
    assert set(folders) == {cache / "kafka-4.3.1"}
    assert {path.name for path in folders[0].iterdir()} == {"a.jar", "b.jar"}
    assert (tmp_path / "calls").read_text() == "call\n"


def test_a_failed_fetch_leaves_nothing_and_says_why(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_maven(tmp_path, monkeypatch, BAD_MAVEN)
    with pytest.raises(ItemstreamError, match=r"^Maven could not fetch Kafka 4\.3\.1: Could not find artifact kafka$"):
        kafka_jars(JAVA)
    assert [path.name for path in cache.iterdir()] == ["kafka-4.3.1.lock"]


def test_it_tells_of_the_download_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_maven(tmp_path, monkeypatch, GOOD_MAVEN)
    told: list[str] = []
    kafka_jars(JAVA, announce=told.append)
    kafka_jars(JAVA, announce=told.append)
    assert len(told) == 1


def test_maven_missing_is_one_line_with_the_remedy(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ItemstreamError, match=r"^Maven is missing .* sudo apt-get install -y maven$"):
        kafka_jars(JAVA)


def test_what_is_in_the_cache_needs_no_maven(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "kafka-4.3.1").mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert kafka_jars(JAVA) == cache / "kafka-4.3.1"
