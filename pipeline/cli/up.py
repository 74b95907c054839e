"""`itemstream up`: Kafka, topics and a worker in one terminal, with a live view."""

import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
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
from topics.catalogue import CATALOGUE

REFRESH_SECONDS = 0.25
PLAIN_SECONDS = 5.0


@with_settings("bootstrap_servers", "prefix", "group", "input_topic", "delivery")
def up(
    settings: Settings,
    port: Port = DEFAULT_PORT,
    data_dir: DataDir = None,
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Partitions of every topic. Default: what they have, else 6.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes of the worker.")] = 1,
) -> None:
    """Start Kafka on this machine, make the topics, run the worker, and watch; Ctrl-C ends all of it cleanly.

    With --bootstrap-servers the worker runs on that Kafka instead, and none is started here.
    """
    console = Console(stderr=True)
    kafka, servers = _broker(settings, port, data_dir, console)
    stack = LocalStack(
        settings,
        kafka,
        bootstrap_servers=servers,
        partitions=partitions,
        worker_args=["--processes", str(processes)],
        say=lambda line: console.print(line, highlight=False),
    )
    with _stop_on_signals(), stack:
        try:
            _watch(stack, settings)
        except KeyboardInterrupt:
            console.print()
    console.print("All of it has ended.")


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


def _watch(stack: LocalStack, settings: Settings) -> None:
    worker = stack.worker
    assert worker is not None
    topics = [spec.full_name(settings.prefix) for spec in CATALOGUE]
    title = (
        f"itemstream · {stack.bootstrap_servers} · {settings.input_topic} → {settings.prefix}.* · {settings.delivery}"
    )
    rate = Rate()
    if not sys.stdout.isatty():
        while True:
            time.sleep(PLAIN_SECONDS)
            worker.check()
            print(_plain(worker.counters(), rate), flush=True)
    with Live(console=Console(), refresh_per_second=4, screen=False) as live:
        while True:
            worker.check()
            counters = worker.counters()
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
