"""`itemstream demo`: the whole main job once, checked."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import with_settings
from pipeline.demo.load import SESSIONS
from pipeline.demo.run import demo as run_demo
from pipeline.logs import configure_logs
from pipeline.settings import Settings

RECORDINGS_VARIABLE = "ITEMSTREAM_RECORDINGS"
RECORDINGS = Path("..") / "shared" / "recordings"
FAVOURITE = "*tool_call_round.jsonl"


@with_settings("delivery")
def demo(
    settings: Settings,
    sessions: Annotated[int, typer.Option(min=1, help="Simulated sessions to play.")] = SESSIONS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same sessions.")] = 1,
    recording: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=f"A recorded session to play too. Default: one of ${RECORDINGS_VARIABLE} or {RECORDINGS}, if there.",
        ),
    ] = None,
) -> int:
    """Start a Kafka of its own, make the topics, run a worker, play sessions, and check every record that comes out."""
    # New topics take a moment to have leaders; clients try again by themselves, and say so at length.
    configure_logs("error")
    console = Console()
    return 0 if run_demo(settings, console, seed=seed, sessions=sessions, recording=recording or _recording()) else 1


def _recording() -> Path | None:
    folder = Path(os.environ.get(RECORDINGS_VARIABLE) or RECORDINGS)
    return next(iter(sorted(folder.glob(FAVOURITE), reverse=True)), None) if folder.is_dir() else None
