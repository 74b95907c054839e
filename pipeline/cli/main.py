"""The command `itemstream`: finds the command in a table, and turns every error into one line and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong use. A command may return an int as its own exit code.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline import __version__
from pipeline.errors import ItemstreamError

if TYPE_CHECKING:
    import typer

DEBUG = "--debug"
OK, FAILED, WRONG_USE = 0, 1, 2


class Command(NamedTuple):
    """`target` is `module:attribute`, a Typer app or a function; its module is imported when the command is called."""

    name: str
    target: str
    summary: str


# In the order of `itemstream --help`.
COMMANDS: tuple[Command, ...] = (
    Command("up", "pipeline.cli.up:up", "Kafka, topics and a worker in one terminal, with a live view."),
    Command("worker", "pipeline.cli.worker:worker", "Reads server events, writes items, exactly once."),
    Command("process", "pipeline.cli.process:process", "Recorded events through the core, without Kafka."),
    Command(
        "simulate", "pipeline.cli.simulate:app", "Realistic sessions into Kafka or a file, or a provider to talk to."
    ),
    Command("ingest", "pipeline.cli.ingest:app", "Collectors: what brings server events into Kafka."),
    Command("replay", "pipeline.cli.replay:app", "The past through the core again; the difference first, where asked."),
    Command("tail", "pipeline.cli.tail:tail", "Live conversations, read from the topics, in this terminal."),
    Command("console", "pipeline.cli.console:app", "Conversations, calls and dead letters in a browser."),
    Command("rejected", "pipeline.cli.rejected:app", "What could not be used: list, show, put right, send again."),
    Command("export", "pipeline.cli.export:export_command", "A topic to Parquet or JSON lines, resumable."),
    Command("import", "pipeline.cli.import_:import_command", "What was exported, back into a topic, each record once."),
    Command("forget", "pipeline.cli.forget:forget_command", "A person's sessions: state deleted, then left out."),
    Command("demo", "pipeline.cli.demo:demo", "The whole main job once on this machine, every record checked."),
    Command("kafka", "pipeline.cli.kafka:app", "Apache Kafka on this machine, for a first run and for tests."),
    Command("topics", "pipeline.cli.topics:app", "The topics: what there should be, what there is, and making it so."),
    Command("settings", "pipeline.cli.settings:settings", "What is in force, and where each setting came from."),
)


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main(sys.argv[1:]))


def main(args: Sequence[str]) -> int:
    """Run one command line; returns the exit code and never raises."""
    # Anywhere on the line, since one adds it at the end of what has just failed.
    debug = DEBUG in args
    try:
        return _invoke([arg for arg in args if arg != DEBUG])
    except Exception as error:
        if debug:
            raise
        code, line = explain(error)
        print(f"itemstream: {line}", file=sys.stderr)
        return code


def _invoke(args: Sequence[str]) -> int:
    try:
        app = build_app(args)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in {"pipeline", "topics"}:
            raise
        if "console" in args and missing.name in {"fastapi", "sqlalchemy"}:
            raise ItemstreamError(
                f"the console is not installed ({missing.name} is missing); get it with: pip install "
                "'itemstream[worker,console]'"
            ) from missing
        raise ItemstreamError(
            f"this install is for subscribers only ({missing.name} is missing); "
            "get the whole with: pip install 'itemstream[worker]'"
        ) from missing
    # Not standalone: else Typer prints its own boxes, where an error is to be one line.
    code: Any = app(args=list(args), prog_name="itemstream", standalone_mode=False)
    return code if isinstance(code, int) else OK


def build_app(args: Sequence[str] = ()) -> "typer.Typer":
    """The Typer app. Only commands named in `args` are imported; the others stand there with name and summary."""
    import typer

    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )

    @app.callback(help="Turns the server events of realtime sessions into complete items on Kafka.")
    def root(  # pyright: ignore[reportUnusedFunction]
        version: bool = typer.Option(
            False,
            "--version",
            is_eager=True,
            callback=_print_version,
            help="Print the version, and whether the core is compiled.",
        ),
        debug: bool = typer.Option(False, DEBUG, help="Show the stack trace of an error (may stand anywhere)."),
    ) -> None: ...

    for command in COMMANDS:
        target: Any = _load(command.target) if command.name in args else _not_loaded
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=command.name, help=command.summary)
        else:
            app.command(command.name, short_help=command.summary)(target)
    return app


def explain(error: Exception) -> tuple[int, str]:
    """Exit code and the one line for the user."""
    match error:
        case ItemstreamError():
            return error.exit_code, str(error)
        case _ if usage := _usage_message(error):
            return WRONG_USE, usage
        case BrokenPipeError():
            return FAILED, "the reader of the output went away"
        case _ if type(error).__name__ == "Abort":
            return FAILED, "aborted"
        case _ if _is_public(error):
            return FAILED, str(error)
        case _:
            return (
                FAILED,
                f"{type(error).__name__}: {_one_line(error)} (the stack trace: the same command with {DEBUG})",
            )


def _usage_message(error: Exception) -> str | None:
    """The message of one of Typer's errors about a wrong command line, None for any other error."""
    import typer

    # Typer keeps its base class to itself; a public descendant leads to it.
    bases = {base.__name__: base for base in typer.BadParameter.__mro__}
    if not isinstance(error, bases["ClickException"]):
        return None
    usage: Any = error
    context: Any = getattr(usage, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(usage.format_message())  # empty where rich has printed the help by itself
        return "a command is missing"
    path = context.command_path if context else "itemstream"
    return f"{usage.format_message().rstrip('.')} (see: {path} --help)"


def _is_public(error: Exception) -> bool:
    """Errors of the public package are written for the user as ours are; it can't know our base class."""
    from topics.admin.errors import TopicsError
    from topics.subscriptions.errors import SubscriptionError

    return isinstance(error, TopicsError | SubscriptionError)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or "no message"


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _not_loaded() -> None:
    """Stands for a command that is not the one called."""


def _print_version(wanted: bool) -> None:
    import typer

    if wanted:
        from pipeline.core import COMPILED

        typer.echo(f"itemstream {__version__} (core {'compiled' if COMPILED else 'in Python'})")
        raise typer.Exit


if __name__ == "__main__":
    run()
