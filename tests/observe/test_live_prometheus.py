"""Over a live worker and live collectors, every panel and every alert expression has data."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import orjson
import pytest

from deploy.grafana.panels import DASHBOARDS
from tests.kafka.deploy import Deployed
from tests.kafka.support import produce
from tests.kafka.test_worker import worker
from tests.observe.collecting import SAID, collecting
from tests.observe.prometheus import RULES, Prometheus, alerts, prometheus
from tests.observe.support import free_port, get, simulate, until_true

pytestmark = pytest.mark.kafka


def measured(expression: str) -> str:
    """What an alert compares, without the comparison, which shows nothing while all is well."""
    return re.sub(r"absent\((\w+)\)", r"\1", re.sub(r" (>|==) [\d.]+", "", expression))


def failing(session: str) -> list[tuple[int, bytes, bytes]]:
    """A conversation in which a response fails."""
    events = [
        {"type": "session.created", "session": {"id": session, "model": "voice-1"}},
        {"type": "response.created", "response": {"id": f"r-{session}", "status": "in_progress"}},
        {"type": "response.done", "response": {"id": f"r-{session}", "status": "failed", "output": []}},
    ]
    return [
        (0, session.encode(), orjson.dumps({"event_id": f"{session}-{number}", **event}))
        for number, event in enumerate(events)
    ]


async def test_every_panel_and_every_alert_has_data(deployed: Deployed, tmp_path: Path) -> None:
    port, relay_port, http_port = free_port(), free_port(), free_port()
    with (
        worker(deployed, tmp_path / "worker.log", "--web-port", str(port), "--processes", "2"),
        prometheus(tmp_path / "prometheus", [port, relay_port, http_port], RULES.read_text()) as running,
    ):
        await until_true(lambda: get(port, "/ready")[0] == 200)
        async with collecting(deployed, tmp_path, relay_port, http_port) as collect:
            # It looks for its targets every 5 s only: what happened before the first scrape is in no rate.
            await asyncio.to_thread(running.until, lambda: [value for _, value in running.query("up")] == [1.0] * 3, 60)
            await every_panel_and_alert(deployed, running, collect)


def all_scraped(running: Prometheus, counts: Mapping[str, int]) -> bool:
    """Whether the sums of these counters are known, or more."""
    found = {name: sum(value for _, value in running.query(f"sum({name})")) for name in counts}
    return all(found[name] >= count for name, count in counts.items())


async def every_panel_and_alert(
    deployed: Deployed, running: Prometheus, collect: Callable[[], Awaitable[None]]
) -> None:
    sent = 0
    for wave in range(2):
        await collect()
        sent += 2 * SAID + await simulate(deployed, 60 + wave, bad=0.02)
        calls = [event for number in range(3) for event in failing(f"failing-{wave}-{number}")]
        await produce(deployed.bootstrap_servers, deployed.input_topic, calls)
        sent += len(calls)
        counts = {
            "itemstream_records_consumed_total": sent,
            "itemstream_http_events_total": (wave + 1) * SAID,
            "itemstream_relay_events_total": (wave + 1) * SAID,
        }
        # A rate is taken between scrapes: each wave is in one of its own.
        await asyncio.to_thread(running.until, lambda: all_scraped(running, counts), 60)  # noqa: B023
    queries = {
        f"{dashboard.uid}: {panel.title}: {expression}": expression
        for dashboard in DASHBOARDS
        for _, row in dashboard.rows
        for panel in row
        for expression, _ in panel.queries
    } | {f"alert {rule['alert']}": measured(rule["expr"]) for rule in alerts()}
    empty = dict(queries)

    def all_have_data() -> bool:
        for title, expression in list(empty.items()):
            filled = expression.replace("$job", "itemstream").replace("$__rate_interval", "1m")
            if any(value == value for _, value in running.query(filled)):  # not only NaN
                del empty[title]
        return not empty

    try:
        await asyncio.to_thread(running.until, all_have_data, 60)
    except TimeoutError:
        pytest.fail("no data: " + "\n".join(empty))
    assert running.firing() <= {"ItemstreamRejecting"}
