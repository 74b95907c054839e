"""`itemstream console`: conversations, calls and dead letters in a browser."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import structlog
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import with_settings
from pipeline.cli.starting import start_logs
from pipeline.console.access.tokens import add_token, read_tokens, revoke_token
from pipeline.console.serve import serve
from pipeline.settings import Settings
from pipeline.stack.worker_process import CONSOLE_EVENT
from pipeline.worker.process import run_until_signalled

DEFAULT_FILE = "console-tokens.json"

CONSOLE_SETTINGS = (
    "bootstrap_servers",
    "prefix",
    "group",
    "input_topic",
    "console_host",
    "console_port",
    "console_hosts",
    "console_tokens",
    "console_identity_header",
    "console_proxies",
    "console_operators",
    "console_local_role",
    "console_raw_events",
    "console_store",
    "console_retention",
    "console_redact",
    "console_prices",
    "log_level",
    "log_format",
)

app = typer.Typer(invoke_without_command=True)
tokens = typer.Typer(no_args_is_help=True)
app.add_typer(tokens, name="tokens", help="Who may use a console: their tokens.")


@app.callback()
@with_settings(*CONSOLE_SETTINGS)
def console(
    settings: Settings,
    context: typer.Context,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Empty the store and read the topics again.")] = False,
) -> None:
    """Serve the console until a signal. One may look and not act, unless there are tokens or a proxy that say who asks.

    Beside the topics it needs nothing: its store is made of them, and can be made again.
    """
    if context.invoked_subcommand is not None:
        return
    start_logs(settings)

    def on_ready(url: str) -> None:
        structlog.get_logger(__name__).info(CONSOLE_EVENT, url=url)

    run_until_signalled(lambda stop: serve(settings, stop, rebuild=rebuild, on_ready=on_ready))


@tokens.command()
@with_settings("console_tokens")
def add(
    settings: Settings,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose it is; stands in the list of what was done.")],
    role: Annotated[
        Literal["viewer", "operator"], typer.Option("--role", help="viewer: look; operator: redrive and replay too.")
    ] = "viewer",
    days: Annotated[float | None, typer.Option("--days", min=0, help="Until it expires. Default: never.")] = None,
) -> None:
    """Make a token and print it; it is shown this once and kept nowhere."""
    expires_in = None if days is None else timedelta(days=days)
    token, entry = add_token(_file(settings), name, role, expires_in=expires_in)
    print(token)
    typer.echo(f"token {entry.id} of {entry.name}, {entry.role}; it is not shown again", err=True)


@tokens.command("list")
@with_settings("console_tokens")
def list_tokens(settings: Settings) -> None:
    """Show the tokens' ids, names, roles and times; never a token."""
    table = Table("token", "name", "role", "made", "expires", box=None)
    now = datetime.now(UTC)
    for token in read_tokens(_file(settings)):
        ended = " (has)" if token.expires is not None and token.expires <= now else ""
        table.add_row(token.id, token.name, token.role, _day(token.created), f"{_day(token.expires)}{ended}")
    Console().print(table)


@tokens.command()
@with_settings("console_tokens")
def revoke(
    settings: Settings,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Id of the token, as `list` shows it.")],
) -> None:
    """Take a token away, at once, and the sessions that were begun with it."""
    revoked = revoke_token(_file(settings), token)
    print(f"token {revoked.id} of {revoked.name} is revoked")


def _file(settings: Settings) -> Path:
    return Path(settings.console_tokens or DEFAULT_FILE)


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else moment.strftime("%Y-%m-%d %H:%M")
