"""The pid file: it counts only while its process is this folder's broker."""

import os
from pathlib import Path

import pytest

from pipeline.kafka.process import PID_FILE, RunningKafka, find_running, terminate, write_pid_file


def test_a_process_that_is_no_broker_does_not_count(tmp_path: Path) -> None:
    write_pid_file(tmp_path, RunningKafka(os.getpid(), 9092))  # its number came back in use
    assert find_running(tmp_path) is None


def test_a_process_that_is_gone_does_not_count(tmp_path: Path) -> None:
    gone = RunningKafka(2**22 + 1, 9092)  # above the largest process id of Linux
    write_pid_file(tmp_path, gone)
    assert find_running(tmp_path) is None
    assert terminate(gone, tmp_path)


@pytest.mark.parametrize("text", ["", "12", "{}", '{"pid": null, "port": 1}', "not json"])
def test_a_broken_file_does_not_count(tmp_path: Path, text: str) -> None:
    (tmp_path / PID_FILE).write_text(text)
    assert find_running(tmp_path) is None


def test_no_file(tmp_path: Path) -> None:
    assert find_running(tmp_path) is None
