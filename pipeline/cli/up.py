"""`itemstream up`: Kafka, topics, a worker and a console in one terminal, with a live view."""

import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live

from pipeline.cli.kafka import DEFAULT_PORT, DataDir, Port, folder_of
from pipeline.cli.options import with_settings
from pipeline.kafka import EmbeddedKafka
from pipeline.kafka.process import find_running
from pipeline.settings import DEFAULT_SOURCE, Settings
from pipeline.stack import LocalStack
from pipeline.stack.view import Rate, render
from pipeline.stack.worker_process import ConsoleProcess
from topics.catalogue import CATALOGUE

REFRESH_SECONDS = 0.25
PLAIN_SECONDS = 5.0


@with_settings("bootstrap_servers", "prefix", "group", "input_topic", "delivery", "console_port")
def up(
    settings: Settings,
    port: Port = DEFAULT_PORT,
    data_dir: DataDir = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Partitions of every topic. Default: what they have, else 6.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes of the worker.")] = 1,
    console: Annotated[bool, typer.Option(help="Also the console, in a browser on this machine.")] = True,
) -> None:
    """Start Kafka on this machine, make the topics, run the worker and the console; Ctrl-C ends all of it cleanly.

    With --bootstrap-servers they run on that Kafka instead, and none is started here; the console may then look only.
    """
    terminal = Console(stderr=True)
    kafka, servers = _broker(settings, port, data_dir, terminal)
    is_ours = kafka is not None or servers is not None
    stack = LocalStack(
        settings,
        kafka,
        bootstrap_servers=servers,
        partitions=partitions,
        worker_args=["--processes", str(processes)],
        console=_console(settings, folder_of(port, data_dir) if is_ours else None) if console else None,
        say=lambda line: terminal.print(line, highlight=False),
    )
    with _stop_on_signals(), stack:
        try:
            _watch(stack, settings)
        except KeyboardInterrupt:
            terminal.print()
    terminal.print("All of it has ended.")


def _broker(
    settings: Settings, port: int, data_dir: Path | None, console: Console
) -> tuple[EmbeddedKafka | None, str | None]:
    """The broker to start, or the address of one that runs already; neither where the settings name one."""
    if settings.source_of("bootstrap_servers") != DEFAULT_SOURCE:
        return None, None
    folder = folder_of(port, data_dir)
    running = find_running(folder)
    if running is not None:
        console.print(f"Kafka already runs on {running.bootstrap_servers}; it stays when this ends.", highlight=False)
        return None, running.bootstrap_servers
    return EmbeddedKafka(port, folder, announce=lambda line: console.print(line, highlight=False)), None


def _console(settings: Settings, folder: Path | None) -> dict[str, object] | None:
    """What a console beside is told that the settings do not say; None where it is not installed.

    folder: of a Kafka that is this user's own. Whoever reaches that one may write what they like, with or without a
    console; so whoever reaches the console may act.
    """
    if find_spec("fastapi") is None or find_spec("sqlalchemy") is None:
        return None
    told: dict[str, object] = {}
    if settings.source_of("console_port") == DEFAULT_SOURCE and not _is_free(settings.console_port):
        told["console_port"] = 0
    if folder is not None:
        asks = settings.console_tokens or settings.console_identity_header
        if settings.source_of("console_local_role") == DEFAULT_SOURCE and not asks:
            told["console_local_role"] = "operator"
        if settings.console_store is None:
            # It goes where its topics go.
            told["console_store"] = folder / "console" / f"{settings.prefix}.sqlite3"
    return told


def _is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def _told_of(console: ConsoleProcess | None) -> str | None:
    """A line about the console, once there is something to tell."""
    if console is None:
        return None
    if console.url is not None:
        return f"Console on {console.url}"
    return console.problem()


def _watch(stack: LocalStack, settings: Settings) -> None:
    worker = stack.worker
    assert worker is not None
    topics = [spec.full_name(settings.prefix) for spec in CATALOGUE]
    title = (
        f"itemstream · {stack.bootstrap_servers} · {settings.input_topic} → {settings.prefix}.* · {settings.delivery}"
    )
    rate = Rate()
    told = None
    if not sys.stdout.isatty():
        while True:
            time.sleep(PLAIN_SECONDS)
            worker.check()
            if (line := _told_of(stack.console)) != told:
                told = line
                print(line, flush=True)
            print(_plain(worker.counters(), rate), flush=True)
    with Live(console=Console(), refresh_per_second=4, screen=False) as live:
        while True:
            worker.check()
            counters = worker.counters()
            if (line := _told_of(stack.console)) != told:
                told = line
                live.console.print(line, highlight=False)
            live.update(render(title, counters, rate.note(counters.get("consumed", 0)), topics, worker.lines))
            time.sleep(REFRESH_SECONDS)


def _plain(counters: dict[str, Any], rate: Rate) -> str:
    consumed = counters.get("consumed", 0)
    outputs = sum(counters.get("outputs", {}).values())
    rejected = sum(counters.get("rejected", {}).values())
    return f"{rate.note(consumed):,.0f} events/s; consumed {consumed:,}, records out {outputs:,}, rejected {rejected:,}"


@contextmanager
def _stop_on_signals() -> Generator[None]:
    """SIGTERM ends it as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
