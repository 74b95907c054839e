"""`itemstream ingest keys …`: the bearer keys of tenants. Collectors see a change without a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import with_settings
from pipeline.ingest.keys import Key, add_key, read_keys, revoke_key, rotate_key, set_limits
from pipeline.ingest.limits import Limits
from pipeline.settings import Settings

DEFAULT_FILE = "ingest-keys.json"

app = typer.Typer(no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="Whose key it is; becomes the events' tenant.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Id of the key, as `list` shows it.")]


@app.command()
@with_settings("ingest_keys")
def add(
    settings: Settings,
    tenant: Tenant,
    days: Annotated[float | None, typer.Option("--days", min=0, help="Until it expires. Default: never.")] = None,
) -> None:
    """Make a key and print it; it is shown this once and kept nowhere."""
    token, key = add_key(_file(settings), tenant, expires_in=None if days is None else timedelta(days=days))
    _show(token, key)


@app.command("list")
@with_settings("ingest_keys")
def list_keys(settings: Settings) -> None:
    """Show the keys' ids, tenants and times, and tenants' own limits; never a key."""
    file = read_keys(_file(settings))
    table = Table("key", "tenant", "made", "expires", box=None)
    now = datetime.now(UTC)
    for key in file.keys:
        ended = key.expires is not None and key.expires <= now
        table.add_row(key.id, key.tenant, _day(key.created), f"{_day(key.expires)}{' (has)' if ended else ''}")
    console = Console()
    console.print(table)
    for tenant, limits in file.tenants.items():
        console.print(
            f"{tenant}: " + ", ".join(f"{n} {v:g}" for n, v in limits.model_dump(exclude_none=True).items()),
            style="dim",
        )


@app.command()
@with_settings("ingest_keys")
def revoke(settings: Settings, key: KeyId) -> None:
    """Take a key away, at once."""
    revoked = revoke_key(_file(settings), key)
    print(f"key {revoked.id} of {revoked.tenant} is revoked")


@app.command()
@with_settings("ingest_keys")
def rotate(
    settings: Settings,
    key: KeyId,
    hours: Annotated[float, typer.Option("--hours", min=0, help="How long the old key stays good.")] = 24,
) -> None:
    """Make a new key for the same tenant; the old one stays good for a while."""
    token, new = rotate_key(_file(settings), key, timedelta(hours=hours))
    _show(token, new)


@app.command()
@with_settings("ingest_keys")
def limit(
    settings: Settings,
    tenant: Tenant,
    events_per_second: Annotated[float | None, typer.Option(min=1e-3, help="Events a second.")] = None,
    bytes_per_second: Annotated[float | None, typer.Option(min=1e-3, help="Bytes a second.")] = None,
    connections: Annotated[
        int | None, typer.Option(min=0, help="Open at a time: relay connections, HTTP requests.")
    ] = None,
    max_event_bytes: Annotated[int | None, typer.Option(min=1, help="Bytes of one event.")] = None,
) -> None:
    """Set a tenant's own limits, in place of those in the settings; what is not named has none of its own."""
    limits = Limits(
        events_per_second=events_per_second,
        bytes_per_second=bytes_per_second,
        connections=connections,
        max_event_bytes=max_event_bytes,
    )
    set_limits(_file(settings), tenant, limits)
    print(f"limits of {tenant}: {limits.model_dump_json(exclude_none=True)}")


def _file(settings: Settings) -> Path:
    return Path(settings.ingest_keys or DEFAULT_FILE)


def _show(token: str, key: Key) -> None:
    print(token)
    typer.echo(f"key {key.id} of {key.tenant}; it is not shown again", err=True)


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else moment.strftime("%Y-%m-%d %H:%M")
