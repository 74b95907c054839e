"""The command line as a whole: the table of commands, exit codes, errors in one line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pipeline import __version__
from pipeline.cli import main as cli
from pipeline.cli.main import COMMANDS, Command, main
from pipeline.core import COMPILED
from pipeline.errors import ItemstreamError, UsageError
from topics.admin.errors import TopicsError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """Makes `itemstream fail` raise a given error, or return a given exit code."""

    def install(outcome: Exception | int) -> None:
        def fail() -> int:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(cli, "COMMANDS", (Command("fail", "test:fail", "Fails."), *COMMANDS))
        real = cli._load
        monkeypatch.setattr(cli, "_load", lambda target: fail if target == "test:fail" else real(target))

    return install


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"itemstream {__version__} (core {'compiled' if COMPILED else 'in Python'})\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [command.name for command in COMMANDS if not re.search(rf"\W{command.name}\W", shown)] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command.name, "--help"]) == 0
    assert f"itemstream {command.name}" in capsys.readouterr().out


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from pipeline.cli.main import main; main(['--help']); "
        "sys.exit(bool({'aiokafka', 'faust', 'pydantic', 'structlog'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nope"], "No such command 'nope' (see: itemstream --help)"),
        (["kafka", "strat"], "No such command 'strat'. Did you mean 'start', 'status'? (see: itemstream kafka --help)"),
        (["kafka", "start", "--port", "x"], "(see: itemstream kafka start --help)"),
        (["settings", "--prefix"], "Option '--prefix' requires an argument (see: itemstream --help)"),
        (["settings", "extra"], "(see: itemstream settings --help)"),
        ([], "a command is missing"),
        (["kafka"], "a command is missing"),
    ],
)
def test_wrong_use_is_one_line_and_2(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 2
    error = capsys.readouterr().err
    assert error.startswith("itemstream: ")
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ItemstreamError("no broker; start one"), 1, "no broker; start one"),
        (UsageError("wrong setting"), 2, "wrong setting"),
        (TopicsError("missing topics; apply them"), 1, "missing topics; apply them"),
        (typer.BadParameter("odd"), 2, "odd"),
        (typer.Abort(), 1, "aborted"),
        (
            ValueError("bad\nthing"),
            1,
            "ValueError: bad thing (the stack trace: the same command with --debug)",
        ),
        (RuntimeError(), 1, "RuntimeError: no message (the stack trace: the same command with --debug)"),
    ],
)
def test_errors_are_one_line(
    failing, error: Exception, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(error)
    assert main(["fail"]) == code
    shown = capsys.readouterr().err
    assert line in shown
    assert shown.count("\n") == 1
    assert "Traceback" not in shown


@pytest.mark.parametrize("args", [["--debug", "fail"], ["fail", "--debug"]])
def test_debug_shows_the_stack_trace(failing, args: list[str]) -> None:
    failing(ItemstreamError("what went wrong"))
    with pytest.raises(ItemstreamError, match="what went wrong"):
        main(args)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_may_return_its_exit_code(failing, code: int) -> None:
    failing(code)
    assert main(["fail"]) == code


def test_typer_exit(failing) -> None:
    failing(typer.Exit(1))
    assert main(["fail"]) == 1


def test_without_the_worker_extra(failing, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typer", None)
    assert main(["settings"]) == 1
    assert "pip install 'itemstream[worker]'" in capsys.readouterr().err


def test_installed_command() -> None:
    command = Path(sys.executable).with_name("itemstream")
    done = subprocess.run([command, "nope"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "itemstream: No such command 'nope' (see: itemstream --help)\n"
