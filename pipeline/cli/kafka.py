"""`itemstream kafka start|stop|status`: an Apache Kafka on this machine that keeps its data."""

import signal
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import ItemstreamError
from pipeline.kafka import KAFKA_VERSION, EmbeddedKafka
from pipeline.kafka.probe import cluster_id
from pipeline.kafka.process import RunningKafka, find_running, remove_pid_file, terminate
from pipeline.paths import data_dir as user_data_dir

DEFAULT_PORT = 9092

app = typer.Typer(no_args_is_help=True)

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on 127.0.0.1.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="Where the data is kept. Default: kafka/PORT in the user's data folder.", show_default=False
    ),
]


def folder_of(port: int, data_dir: Path | None) -> Path:
    """Each port has a folder of its own unless one is named, so that several brokers keep apart."""
    return data_dir.expanduser().absolute() if data_dir else user_data_dir() / "kafka" / str(port)


@app.command()
def start(
    port: Port = DEFAULT_PORT,
    data_dir: DataDir = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay; Ctrl-C stops Kafka.")] = False,
) -> None:
    """Start Kafka; returns when it answers. Data of an earlier run is still there."""
    folder = folder_of(port, data_dir)
    if running := find_running(folder):
        _already_runs(running, port, folder)
        return
    began = time.monotonic()
    broker = EmbeddedKafka(port, folder, detached=not foreground, announce=_note)
    broker.start()
    print(
        f"Kafka {KAFKA_VERSION} runs on {broker.bootstrap_servers} (process {broker.pid}, data {folder}), "
        f"ready after {time.monotonic() - began:.1f} s",
        flush=True,
    )
    if foreground:
        _stay(broker)


@app.command()
def stop(port: Port = DEFAULT_PORT, data_dir: DataDir = None) -> None:
    """Stop Kafka cleanly; its data stays."""
    folder = folder_of(port, data_dir)
    running = find_running(folder)
    if running is None:
        print(f"No Kafka runs on {folder}")
        return
    clean = terminate(running, folder)
    remove_pid_file(folder)
    if not clean:
        _note(f"Kafka (process {running.pid}) did not stop by itself and was killed; the next start repairs its data")
    print(f"Kafka on {running.bootstrap_servers} is stopped (data {folder})")


@app.command()
def status(port: Port = DEFAULT_PORT, data_dir: DataDir = None) -> None:
    """Say whether Kafka runs and answers; exit code 1 where it does not."""
    folder = folder_of(port, data_dir)
    running = find_running(folder)
    if running is None:
        raise ItemstreamError(f"no Kafka runs on {folder}; start it with: itemstream kafka start --port {port}")
    if cluster_id(running.port) is None:
        raise ItemstreamError(
            f"Kafka (process {running.pid}) does not answer on {running.bootstrap_servers}; see {folder / 'kafka.log'}"
        )
    print(f"Kafka {KAFKA_VERSION} runs on {running.bootstrap_servers} (process {running.pid}, data {folder})")


def _already_runs(running: RunningKafka, port: int, folder: Path) -> None:
    if running.port != port:
        raise ItemstreamError(
            f"Kafka already runs on {folder}, on port {running.port} instead of {port}; "
            f"stop it with: itemstream kafka stop --data-dir {folder}"
        )
    print(f"Kafka already runs on {running.bootstrap_servers} (process {running.pid}, data {folder})")


def _stay(broker: EmbeddedKafka) -> None:
    """Until Ctrl-C or SIGTERM, or until the broker ends by itself, which is a failure."""
    asked = threading.Event()

    def ask(_number: int, _frame: object) -> None:
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    while broker.pid is not None:
        if asked.wait(0.2):
            broker.stop()
            print("Kafka is stopped")
            return
    raise ItemstreamError(f"Kafka ended by itself with exit code {broker.wait()}; see {broker.log_file}")


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
