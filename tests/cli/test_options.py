"""Settings as flags of a command."""

import inspect
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.options import ALL, COMMON, with_settings
from pipeline.errors import UsageError
from pipeline.settings import Settings, flag_of


def app_of(*names: str) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    @with_settings(*names)
    def show(
        settings: Settings, word: str, count: Annotated[int, typer.Option("--count", help="How many.")] = 1
    ) -> None:
        """Show what was understood."""
        typer.echo(f"{word} {count} {settings.prefix} {settings.source_of('prefix')} {settings.group}")

    return app


def test_own_parameters_and_settings_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITEMSTREAM_GROUP", "from-env")
    done = CliRunner().invoke(app_of(*COMMON), ["hello", "--prefix", "p", "--count", "3"])
    assert done.output == "hello 3 p --prefix from-env\n"


def test_config_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('prefix = "from-file"\n')
    done = CliRunner().invoke(app_of(*COMMON), ["x", "--config", str(file)])
    assert done.output == f"x 1 from-file {file} itemstream\n"


def test_a_wrong_value_names_its_flag() -> None:
    done = CliRunner().invoke(app_of(*ALL), ["x", "--session-idle", "soon"])
    assert isinstance(done.exception, UsageError)
    assert "setting session_idle = 'soon' (from --session-idle)" in str(done.exception)


def test_only_the_named_settings_are_flags() -> None:
    assert CliRunner().invoke(app_of("prefix"), ["x", "--group", "g"]).exit_code == 2


def test_passwords_have_no_flag() -> None:
    @with_settings(*ALL)
    def command(settings: Settings) -> None: ...

    names = set(inspect.signature(command).parameters)
    assert names == set(ALL) - {"sasl_password", "ssl_keypassword", "sasl_oauth_client_secret"} | {"config"}


def test_help_tells_default_and_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = " ".join(CliRunner().invoke(app_of(*ALL), ["--help"], env={"COLUMNS": "200"}).output.split())
    assert "exactly-once|at-least-once" in shown
    assert "Default: 127.0.0.1:9092." in shown
    assert "Show what was understood." in shown
    assert flag_of("session_idle") in shown
