"""`itemstream settings`: what is in force, and where each value came from."""

import json
import sys
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import ALL, with_settings
from pipeline.settings import Settings
from pipeline.settings_load import unknown_variables


@with_settings(*ALL)
def settings(
    settings: Settings, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Print every setting: its value, where it came from, what it means."""
    rows = [(name, _value(getattr(settings, name)), settings.source_of(name)) for name in Settings.model_fields]
    if as_json:
        print(json.dumps({name: {"value": value, "source": source} for name, value, source in rows}, indent=2))
    else:
        _print_table(rows)
    for wrong in unknown_variables():
        print(f"itemstream: {wrong}", file=sys.stderr)


def _value(value: Any) -> Any:
    return str(value) if isinstance(value, SecretStr) else value  # "**********"


def _print_table(rows: list[tuple[str, Any, str]]) -> None:
    table = Table("setting", "value", "from", "meaning", box=None, pad_edge=False)
    for name, value, source in rows:
        shown = "" if value is None else str(value)
        table.add_row(name, shown, source, Settings.model_fields[name].description, style=_style(source))
    # A pipe has no width of its own: nothing may be cut off there.
    Console(width=None if sys.stdout.isatty() else 240).print(table)


def _style(source: str) -> str | None:
    return None if source == "default" else "bold"
