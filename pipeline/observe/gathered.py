"""`worker --processes N` has one port: what its processes say, gathered by the supervisor when it is asked."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from prometheus_client.core import Metric as Family
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample
from starlette.applications import Starlette

from pipeline import __version__
from pipeline.observe.health import Health
from pipeline.observe.metrics import UP
from pipeline.observe.web import web_app

ASK_SECONDS = 2.0
"""A process that does not answer by then counts as one that does not answer."""

TEXT = "text/plain; version=0.0.4; charset=utf-8"

Answer = tuple[int, bytes]
Ports = Callable[[], Mapping[int, int]]
"""Ports on the loopback by number, of the processes that run."""


def supervisor_web(processes: int, ports: Ports) -> Starlette:
    """The application of a supervisor of so many processes."""

    async def metrics(_accept: str) -> tuple[bytes, str]:
        answers = await ask_all(ports(), "/metrics")
        texts = {number: answer[1].decode() for number, answer in answers.items() if answer and answer[0] == 200}
        return merged(texts, processes), TEXT

    async def live() -> Health:
        # One that is gone is started again by the supervisor; one that is there must answer.
        bad = {number: _why(answer) for number, answer in (await ask_all(ports(), "/live")).items() if not _ok(answer)}
        return _health(bad, f"{processes} processes are kept alive")

    async def ready() -> Health:
        answers = await ask_all(ports(), "/ready")
        bad = {number: _why(answers.get(number)) for number in range(processes) if not _ok(answers.get(number))}
        return _health(bad, f"{processes} processes are ready")

    async def status() -> Mapping[str, Any]:
        answers = await ask_all(ports(), "/status")
        return {
            "version": __version__,
            "processes": {
                str(number): json.loads(answer[1]) if (answer := answers.get(number)) and _ok(answer) else None
                for number in range(processes)
            },
        }

    return web_app(metrics, live, ready, status)


async def ask_all(ports: Mapping[int, int], path: str) -> dict[int, Answer | None]:
    """Status and body by number, all asked at once; None of one that does not answer."""
    answers = await asyncio.gather(*(asyncio.to_thread(_ask, port, path) for port in ports.values()))
    return dict(zip(ports, answers, strict=True))


def merged(texts: Mapping[int, str], processes: int) -> bytes:
    """The expositions of several processes as one, each sample with the label `process`."""
    registry = CollectorRegistry()
    registry.register(_Merged(texts, processes))
    return generate_latest(registry)


class _Merged(Collector):
    def __init__(self, texts: Mapping[int, str], processes: int) -> None:
        self._texts = texts
        self._processes = processes

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterable[Family]:
        families: dict[str, Family] = {}
        for number, text in self._texts.items():
            for family in text_string_to_metric_families(text):
                into = families.setdefault(family.name, Family(family.name, family.documentation, family.type))
                into.samples += _labelled(family.samples, str(number))
        up = Family(UP.name, UP.help, "gauge")
        up.samples = [
            Sample(UP.name, {"process": str(number)}, float(number in self._texts)) for number in range(self._processes)
        ]
        return [*families.values(), up]


def _labelled(samples: Iterable[Sample], number: str) -> Iterator[Sample]:
    for sample in samples:
        yield sample._replace(labels={"process": number, **sample.labels})


def _ask(port: int, path: str) -> Answer | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=ASK_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return None


def _ok(answer: Answer | None) -> bool:
    return answer is not None and answer[0] == 200


def _why(answer: Answer | None) -> str:
    if answer is None:
        return "does not answer"
    try:
        return str(json.loads(answer[1])["reason"])
    except (ValueError, KeyError, TypeError):
        return f"answers {answer[0]}"


def _health(bad: Mapping[int, str], good: str) -> Health:
    reasons = "; ".join(f"process {number}: {why}" for number, why in sorted(bad.items()))
    return Health(not bad, reasons or good)
