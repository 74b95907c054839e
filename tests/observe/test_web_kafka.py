"""The endpoints of a real worker on a real broker."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.observe.metrics import BUILD, LIBRARY, WORKER
from tests.kafka.deploy import PARTITIONS, Deployed
from tests.kafka.test_worker import lines, worker
from tests.observe.support import Samples, free_port, get, scrape, simulate, total, until_true

pytestmark = pytest.mark.kafka


async def scraped_until(port: int, met: Callable[[Samples], bool]) -> Samples:
    """The first scrape that is as it is to be."""
    samples: Samples = {}

    def asked() -> bool:
        nonlocal samples
        samples = scrape(port)
        return met(samples)

    await until_true(asked)
    return samples


def all_is_done(samples: Samples, sent: int) -> bool:
    """Whether all is consumed and no lag is told; that is looked at only now and then."""
    lags = samples.get("itemstream_lag_records", ())
    return (
        total(samples, "itemstream_records_consumed_total") == sent
        and len(lags) == PARTITIONS
        and total(samples, "itemstream_lag_records") == total(samples, "itemstream_lag_seconds") == 0
    )


async def test_one_worker_tells_what_it_did(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITEMSTREAM_SASL_PASSWORD", "a-secret-of-mine")
    port, log = free_port(), tmp_path / "worker.log"
    with worker(deployed, log, "--web-port", str(port)) as process:
        await until_true(lambda: get(port, "/ready")[0] == 200)
        sent = await simulate(deployed, 60, bad=0.01)
        samples = await scraped_until(port, lambda now: all_is_done(now, sent))
        status = json.loads((await asyncio.to_thread(get, port, "/status"))[1])
        live = await asyncio.to_thread(get, port, "/live")
        # A process that stands still does not answer: that is what a probe's time limit is for.
        os.kill(process.pid, signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0

    series = {name for metric in (*WORKER, BUILD, *LIBRARY) for name in metric.series}
    assert samples.keys() == series, samples.keys() ^ series
    ends = ("used", "ignored", "rejected")
    assert sum(total(samples, f"itemstream_records_{end}_total") for end in ends) == sent
    assert total(samples, "itemstream_records_rejected_total") > 0
    assert {labels["partition"] for labels, _ in samples["itemstream_lag_records"]} == set(map(str, range(PARTITIONS)))
    assert total(samples, "itemstream_lag_records") == total(samples, "itemstream_lag_seconds") == 0
    outputs = total(samples, "itemstream_outputs_total")
    assert total(samples, "itemstream_end_to_end_latency_seconds_count") == outputs > 0
    assert total(samples, "itemstream_transaction_duration_seconds_count") == total(
        samples, "itemstream_transactions_total"
    )
    assert total(samples, "itemstream_sessions") > 0
    assert samples["itemstream_build_info"][0][0]["group"] == deployed.group

    assert (live[0], json.loads(live[1])["ok"]) == (200, True)
    assert status["ready"] == {"ok": True, "reason": f"{PARTITIONS} partitions flow"}
    assert sum(one["state"]["items"] for one in status["partitions"].values()) > 0
    assert sum(one["committed"] for one in status["partitions"].values()) == sent
    assert status["counters"]["consumed"] == sent
    assert status["settings"]["sasl_password"] == "(set)"
    assert "a-secret-of-mine" not in json.dumps(status) + log.read_text()
    assert len(lines(log, "record_rejected")) == 10


async def test_several_processes_have_one_port(deployed: Deployed, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "worker.log"
    with worker(deployed, log, "--web-port", str(port), "--processes", "2") as process:
        await until_true(lambda: get(port, "/ready")[0] == 200)
        sent = await simulate(deployed, 40)
        samples = await scraped_until(port, lambda now: all_is_done(now, sent))
        status: dict[str, Any] = json.loads((await asyncio.to_thread(get, port, "/status"))[1])
        frozen = status["processes"]["0"]["pid"]
        os.kill(frozen, signal.SIGSTOP)
        try:
            await until_true(lambda: get(port, "/live")[0] == 503)
            live = await asyncio.to_thread(get, port, "/live")
            partial = await scraped_until(
                port, lambda now: ({"process": "0"}, 0.0) in now.get("itemstream_process_up", ())
            )
        finally:
            os.kill(frozen, signal.SIGKILL)
        await until_true(lambda: get(port, "/ready")[0] == 200)
        again = json.loads((await asyncio.to_thread(get, port, "/status"))[1])
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
    assert {labels["process"] for labels, _ in samples["itemstream_ready"]} == {"0", "1"}
    assert total(samples, "itemstream_process_up") == 2
    assert sorted(map(int, (labels["partition"] for labels, _ in samples["itemstream_lag_records"]))) == list(
        range(PARTITIONS)
    )
    assert (live[0], json.loads(live[1])["reason"]) == (503, "process 0: does not answer")
    assert partial["itemstream_process_up"] == [({"process": "0"}, 0.0), ({"process": "1"}, 1.0)]
    assert again["processes"]["0"]["pid"] != frozen


async def test_a_port_that_is_taken_is_told_in_one_line(deployed: Deployed, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with worker(deployed, log, "--web-port", str(port)) as process:
            assert await asyncio.to_thread(process.wait, 30) == 1
    (told,) = [line for line in log.read_text().splitlines() if line.startswith("itemstream:")]
    assert f"the web server can't listen on 127.0.0.1:{port}" in told
