"""A worker's endpoints, asked, and a load for it."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from prometheus_client.parser import text_string_to_metric_families

from pipeline.kafka.probe import free_ports
from pipeline.simulate import Faults
from pipeline.simulate.playing import Load, play
from pipeline.simulate.producer import KafkaWriter
from tests.kafka.deploy import Deployed

Samples = Mapping[str, list[tuple[dict[str, str], float]]]


def free_port() -> int:
    return free_ports(1)[0]


def get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def scrape(port: int) -> Samples:
    status, text = get(port, "/metrics")
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text.decode() if status == 200 else ""):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    return found


def total(samples: Samples, name: str) -> float:
    return sum(value for _, value in samples.get(name, []))


async def until_true(true: Callable[[], object], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.1)


async def simulate(deployed: Deployed, count: int, bad: float = 0.0) -> int:
    writer = KafkaWriter(deployed.bootstrap_servers, deployed.input_topic)
    await writer.start()
    played = await play(Load(seed=8, count=count, faults=Faults(bad_ratio=bad)), writer)
    await writer.close()
    return played.events
