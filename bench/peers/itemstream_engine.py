"""itemstream's engine as the worker runs it (Faust app, agent, settings), with a pass-through in place of the core."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bench.peers.jobs import echo
from bench.peers.options import parse
from pipeline.app import create_app
from pipeline.core import BatchResult, Counts, Output
from pipeline.core.values import shrunk
from pipeline.logs import configure_logs
from pipeline.settings import Settings
from pipeline.streaming import TransactionalStream
from pipeline.streaming.batch import Handler
from pipeline.streaming.core_interface import InputRecords
from pipeline.worker.process import run_until_signalled
from pipeline.worker.stream_config import stream_config


class Echo:
    """Parses and serialises every record, its headers carried; keeps nothing."""

    def __init__(self, output: str) -> None:
        self._output = output

    def restore(self, key: bytes, value: bytes | None) -> None:
        pass

    def restored(self) -> None:
        pass

    def process(self, records: InputRecords, now_ms: int) -> BatchResult:
        topic = self._output
        outputs = [
            # To keep, as the core does it: see `shrunk`.
            Output(topic, record.key, shrunk(echo(record.value or b"null")), list(record.headers), record.timestamp)
            for record in records
        ]
        return BatchResult(outputs, [], Counts(consumed=len(records), used=len(records)))

    def idle(self, wall_ms: int) -> BatchResult:
        return BatchResult([], [], Counts())


async def run(settings: Settings, output: str, stop: asyncio.Event) -> None:
    config = replace(stream_config(settings), output_topics=(output,))

    def make_stream(handler: Handler) -> TransactionalStream:
        return TransactionalStream(config, lambda _: Echo(output), handler=handler)

    app = create_app(settings.group, make_stream)
    await app.start()
    finished = app.source.finished
    assert finished is not None, "the source starts with the app"
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({finished, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await app.stop()
    finished.result()


def main() -> None:
    given = parse()
    settings = Settings(
        bootstrap_servers=given.bootstrap_servers,
        group=given.group,
        input_topic=given.input,
        delivery=given.delivery,
    )
    configure_logs("warning")
    run_until_signalled(lambda stop: run(settings, given.output, stop))


if __name__ == "__main__":
    main()
