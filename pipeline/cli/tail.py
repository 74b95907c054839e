"""`itemstream tail`: the topics as conversations, as they come."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli.moments import moment_ms
from pipeline.cli.options import with_settings
from pipeline.settings import Settings
from pipeline.tail.follow import Tail, Wanted
from pipeline.tail.printing import printer
from pipeline.tail.topics import NAMES, chosen


@with_settings("bootstrap_servers", "prefix")
def tail(
    settings: Settings,
    topics: Annotated[list[str] | None, typer.Argument(metavar="[TOPIC]...", help=f"{', '.join(NAMES)}.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every topic but rejected.")] = False,
    session: Annotated[str | None, typer.Option("--session", help="Only this session.")] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="From then on: 10m, 2h, 3d, or a time such as 2026-01-31T12:00Z."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, from now on where there is no --since.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The records themselves, a JSON object a line.")] = False,
) -> None:
    """Print records as a conversation one can read: everything there is, or what comes with --follow.

    Only records of committed transactions; a session's in the order they came out. Ctrl-C ends it.
    """
    specs = chosen(topics or (), everything=everything)
    moment = None if since is None else datetime.fromtimestamp(moment_ms(since, "--since") / 1000, UTC)
    # What matters of these logs comes as an error of ours.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        asyncio.run(_print(Tail(settings, Wanted(specs, session, moment, follow)), settings, as_json=as_json))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has read enough, as in `tail … | head`: not a failure. Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _print(tail: Tail, settings: Settings, *, as_json: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, tail.stop)
    show = printer(settings.prefix, as_json=as_json)
    async with aclosing(tail.received()) as records:  # also where whoever read has gone away
        async for received in records:
            show(received)
