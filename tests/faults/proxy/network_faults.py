"""What happens to the network between one worker and the broker, as scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from tests.faults.harness.scenario import Run, Scenario
from tests.faults.harness.workers import Worker
from tests.faults.proxy.proxy import Proxy

TABLE = "network"
DELAY_SECONDS = 0.25
DELAYED_SECONDS = 3.0
AWAY_EXTRA_SECONDS = 1.5
STANDSTILL_LIMIT = 10.0
"""The session timeout, 3 s, and what Kafka and the clients need to see that a connection is no more."""
PROGRESS_LIMIT_SECONDS = 5
ENDS_WITHIN_SECONDS = 30


class Network:
    """One worker's connections; the others' are left alone."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    async def start(self, run: Run) -> None:
        assert any(run.topics.group in client for client in self.proxy.seen), "the workers go round the proxy"

    async def inject(self, run: Run, round: int) -> None:
        raise NotImplementedError

    async def heal(self, run: Run, round: int) -> None:
        self.proxy.mend()

    @staticmethod
    def clients(run: Run, round: int) -> str:
        """An expression for the client ids of one worker: those of its process id."""
        worker: Worker = run.workers.running[round % len(run.workers.running)]
        return f"-{worker.process.pid}(-|$)"


class Cut(Network):
    """Every connection is reset; it may connect again at once."""

    async def inject(self, run: Run, round: int) -> None:
        self.proxy.cut(self.clients(run, round))
        await asyncio.sleep(1)


class CutOff(Network):
    """Every connection is reset and new ones are, for longer than the session timeout."""

    async def inject(self, run: Run, round: int) -> None:
        self.proxy.cut(self.clients(run, round), refuse=True)
        await asyncio.sleep(run.session_timeout + AWAY_EXTRA_SECONDS)


class Delay(Network):
    """Every byte takes a quarter of a second longer, in each direction."""

    async def inject(self, run: Run, round: int) -> None:
        self.proxy.delay(DELAY_SECONDS, self.clients(run, round))
        await asyncio.sleep(DELAYED_SECONDS)


class HalfOpen(Network):
    """Connections stand and pass nothing, for longer than the session timeout; then all that was held arrives."""

    async def inject(self, run: Run, round: int) -> None:
        self.proxy.hold(self.clients(run, round))
        await asyncio.sleep(run.session_timeout + AWAY_EXTRA_SECONDS)


class Stuck(Network):
    """The only worker's connections pass nothing until it ends itself; nobody else can take its partitions."""

    async def inject(self, run: Run, round: int) -> None:
        worker: Worker = run.workers.running[0]
        self.proxy.hold(self.clients(run, 0))
        async with asyncio.timeout(ENDS_WITHIN_SECONDS):
            while worker.alive:  # noqa: ASYNC110 - another process ends
                await asyncio.sleep(0.05)
        self.proxy.mend()
        assert "no progress for" in worker.log.read_text(), f"see {worker.log}"
        run.note("ended itself")


def scenarios(proxy: Proxy) -> dict[str, Scenario]:
    """By name."""
    made = (
        _scenario("network-cut", "network between a worker and the broker cut (RST)", partial(Cut, proxy)),
        _scenario("network-cut-off", "network cut for longer than the session timeout", partial(CutOff, proxy)),
        _scenario("network-delay", "network delayed by 250 ms each way", partial(Delay, proxy)),
        _scenario("network-half-open", "network half-open (accepts, passes nothing)", partial(HalfOpen, proxy)),
    )
    stuck = Scenario(
        name="network-stuck",
        title=f"no progress at all (half-open, one worker, progress_limit {PROGRESS_LIMIT_SECONDS} s)",
        table=TABLE,
        fault=partial(Stuck, proxy),
        rate=300,
        workers=1,
        settings={"progress_limit": PROGRESS_LIMIT_SECONDS},
        worker_may_end=frozenset({1}),
        standstill_limit=ENDS_WITHIN_SECONDS,
    )
    return {scenario.name: scenario for scenario in (*made, stuck)}


def _scenario(name: str, title: str, fault: Callable[[], Network]) -> Scenario:
    return Scenario(name=name, title=title, table=TABLE, fault=fault, rate=400, standstill_limit=STANDSTILL_LIMIT)
