"""How far a long job is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

EVERY_SECONDS = 10.0

Tell = Callable[[int, int, int], None]
"""Told records so far, and how much of how much is done (offsets; 0 of 0 where there is no end)."""


def untold(_records: int, _done: int, _of: int) -> None:
    """Nobody looks."""


@contextmanager
def shown(what: str, console: Console | None = None) -> Generator[Tell]:
    """Show progress on standard error; gives what is to be told. `what`: a word or two before the bar."""
    console = console or Console(stderr=True, highlight=False)
    if console.is_terminal:
        with _bar(what, console) as tell:
            yield tell
    else:
        yield _lines(what, console)


@contextmanager
def _bar(what: str, console: Console) -> Generator[Tell]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]:,} records, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None, records=0, rate=0.0)

        def tell(records: int, done: int, of: int) -> None:
            rate = records / max(time.monotonic() - began, 0.001)
            progress.update(task, total=of or None, completed=done, records=records, rate=rate)

        yield tell


def _lines(what: str, console: Console) -> Tell:
    began = last = time.monotonic()

    def tell(records: int, done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY_SECONDS:
            last = now
            share = f"{100 * done / of:.0f} %, " if of else ""
            console.print(f"{what}: {share}{records:,} records, {records / (now - began):,.0f}/s", soft_wrap=True)

    return tell
