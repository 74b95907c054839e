"""`itemstream forget`: a person's sessions out of the state, and out of what is replayed and exported from now on."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.options import COMMON, with_settings
from pipeline.erasure.erased import erased_topic
from pipeline.erasure.forget import Forgotten, forget
from pipeline.settings import Settings
from topics.catalogue import changelog_topic


@with_settings(*COMMON, "input_topic")
def forget_command(
    settings: Settings,
    sessions: Annotated[list[str], typer.Argument(metavar="SESSION…", help="Session ids.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it only says what there is.")] = False,
) -> None:
    """Forget sessions: their state is deleted, and replays and exports leave them out from now on.

    What is on the topics already, Kafka can't take out one by one: the table says until when it is there. May be
    repeated, and the worker may run.
    """
    report = asyncio.run(forget(settings, sessions, write=yes))
    _print(report, settings, done=yes)


def _print(report: Forgotten, settings: Settings, *, done: bool) -> None:
    records = sum(report.state.values())
    where = f" in partitions {', '.join(map(str, report.state))}" if report.state else ""
    print(f"State: {records} records{where} {'deleted' if done else 'would be deleted'}.")
    listed = "are on" if done else "would be put on"
    print(f"The sessions {listed} {erased_topic(settings.prefix)}: replay and export leave them out.")
    table = Table("topic", "what is in it today is deleted", box=None, pad_edge=False)
    for kept in report.kept:
        compacted = kept.topic == changelog_topic(settings.group)
        never = "by compaction, once its segment is closed" if compacted else "never: set retention.ms"
        table.add_row(kept.topic, never if kept.days is None else f"within {kept.days:g} days")
    Console().print(table)
    if not done:
        print("Nothing was written; do it with --yes.")
