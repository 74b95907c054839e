"""Log lines of ours and of libraries come out alike."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from pipeline.logs import Level, configure_logs, get_logger

SECRET = b"my number is 0151"


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_json_lines() -> None:
    out = io.StringIO()
    configure_logs("info", "json", out)
    get_logger("pipeline.worker").info("rebalance", assigned=[0, 1])
    logging.getLogger("aiokafka.consumer").warning("lost %s", "broker")
    ours, theirs = [json.loads(line) for line in out.getvalue().splitlines()]
    assert ours.pop("timestamp").endswith("Z")
    assert ours == {"event": "rebalance", "assigned": [0, 1], "level": "info", "logger": "pipeline.worker"}
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("lost broker", "warning", "aiokafka.consumer")


def test_an_exception_stays_one_json_line() -> None:
    out = io.StringIO()
    configure_logs("info", "json", out)
    try:
        raise ValueError("wrong")
    except ValueError:
        get_logger("x").exception("failed")
    (line,) = out.getvalue().splitlines()
    assert json.loads(line)["exception"][0]["exc_value"] == "wrong"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_stack_trace_has_no_values_of_variables(form: Literal["json", "console"]) -> None:
    out = io.StringIO()
    configure_logs("info", form, out)

    def work(record: bytes) -> None:
        raise ValueError(f"a record of {len(record)} bytes")

    try:
        work(SECRET)
    except ValueError:
        get_logger("x").exception("failed")
        logging.getLogger("theirs").exception("failed")
    assert out.getvalue().count("a record of 17 bytes") == 2
    assert "in work" in out.getvalue() or '"work"' in out.getvalue()
    assert SECRET.decode() not in out.getvalue()


def test_console_lines() -> None:
    out = io.StringIO()
    configure_logs("info", "console", out)
    get_logger("pipeline.worker").info("rebalance", assigned=[0, 1])
    assert "rebalance" in out.getvalue()
    assert "assigned=[0, 1]" in out.getvalue()


def test_levels() -> None:
    out = io.StringIO()
    configure_logs("warning", "json", out)
    get_logger("x").info("not told")
    get_logger("x").warning("told")
    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == ["told"]


@pytest.mark.parametrize(("level", "lines"), [("info", 0), ("debug", 1)])
def test_libraries_are_heard_in_full_at_debug_only(level: Level, lines: int) -> None:
    out = io.StringIO()
    configure_logs(level, "json", out)
    logging.getLogger("aiokafka.conn").info("chatter")
    assert len(out.getvalue().splitlines()) == lines
