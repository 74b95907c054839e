"""`itemstream worker`: reads server events, writes items."""

import asyncio
from typing import Annotated

import typer

from pipeline.cli.options import ALL, with_settings
from pipeline.cli.starting import start_logs
from pipeline.settings import Settings


@with_settings(*ALL)
def worker(
    settings: Settings,
    processes: Annotated[
        int, typer.Option("--processes", min=1, metavar="N", help="Worker processes on this machine, supervised.")
    ] = 1,
) -> None:
    """Read server events, write items, until Ctrl-C or SIGTERM: what is in flight is committed first.

    With several processes, one that dies is started again.
    """
    from pipeline.worker.process import run_until_signalled

    start_logs(settings)
    run_until_signalled(lambda stop: _run(settings, processes, stop))


async def _run(settings: Settings, processes: int, stop: asyncio.Event) -> None:
    if processes == 1:
        from pipeline.worker.run import run_worker

        await run_worker(settings, stop)
        return
    from pipeline.worker.preflight import preflight
    from pipeline.worker.supervisor import Supervisor

    # Once here, so that what is wrong is told once.
    await preflight(settings)
    supervisor = Supervisor(settings, processes)
    if not settings.web_port:
        await supervisor.run(stop)
        return
    from pipeline.observe.gathered import supervisor_web
    from pipeline.observe.server import served
    from pipeline.observe.sockets import listening

    web = supervisor_web(processes, supervisor.ports)
    async with served(web, listening(settings.web_host, settings.web_port)):
        await supervisor.run(stop)
