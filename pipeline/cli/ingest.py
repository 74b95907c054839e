"""`itemstream ingest …`: the collectors, a file each; a file imports what is heavy when its command runs."""

import typer

from pipeline.cli import ingest_keys
from pipeline.cli.ingest_file import file
from pipeline.cli.ingest_http import http
from pipeline.cli.ingest_relay import relay

app = typer.Typer(no_args_is_help=True)

app.command("http", short_help="An HTTP endpoint that takes events, alone or in batches.")(http)
app.command("relay", short_help="Between an application and its provider: all passes, events are recorded.")(relay)
app.command("file", short_help="Recorded events, each once, resumable.")(file)
app.add_typer(ingest_keys.app, name="keys", help="Bearer keys of tenants: add, list, revoke, rotate; limits.")
