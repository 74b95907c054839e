"""What every view that asks Kafka says while none is there: 503, and one sentence that tells what is the matter."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import CoordinatorNotAvailableError, KafkaConnectionError, KafkaError

from pipeline.console.api.app import build_app
from pipeline.console.api.failures import problem_of
from pipeline.console.opening import store_of
from pipeline.console.services import NotFoundError
from pipeline.errors import ItemstreamError, UsageError
from tests.console.api.support import Client, client_of, running
from tests.console.api.test_security import NOWHERE, settings_of
from tests.console.projection.support import Writing, fetched_of, rejected_outputs
from topics.admin.errors import BrokerUnreachableError, RefusedError, TopicsError


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Client]:
    """An operator's, with a rejected record in its store, whose Kafka has gone since."""
    settings = settings_of(tmp_path, console_local_role="operator")
    with store_of(settings) as store:
        Writing(store, settings.prefix).write(fetched_of(rejected_outputs(settings.prefix, [b"{"])))
    async with running(settings) as url, client_of(url) as client:
        yield client


def told_by(status: int, problem: dict[str, Any]) -> str:
    assert (status, problem["title"], problem["status"]) == (503, "Service Unavailable", 503), problem
    detail: str = problem["detail"]
    assert NOWHERE in detail
    assert "\n" not in detail
    return detail


@pytest.mark.parametrize(
    "path", ["/api/rejected", "/api/replays", "/api/replays/1", "/api/audit", "/api/audit?limit=1"]
)
async def test_a_view(console: Client, path: str) -> None:
    assert told_by(*await console.ask("GET", path)).startswith("no Kafka")


async def test_a_dry_run_of_a_redrive(console: Client) -> None:
    status, told = await console.post("/api/rejected/redrive", {"reason": "not_json", "dry_run": True})
    assert told_by(status, told).startswith("no Kafka")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/rejected/redrive", {"reason": "not_json", "dry_run": False}),
        ("/api/replays", {"kind": "difference"}),
        ("/api/replays", {"kind": "topics", "to_prefix": "again"}),
        ("/api/replays/1/cancel", {}),
        ("/api/replays/1/resume", {}),
    ],
)
async def test_nothing_is_begun_that_can_not_be_noted(console: Client, path: str, body: dict[str, Any]) -> None:
    detail = told_by(*await console.post(path, body))
    assert "nothing is begun without it: no Kafka broker answers at" in detail


async def test_the_pipeline_is_down(console: Client) -> None:
    told = await console.get("/api/pipeline")
    assert told["status"] == "down"
    assert [problem for problem in told["problems"] if NOWHERE in problem]


async def test_what_is_in_the_store_is_told_all_the_same(console: Client) -> None:
    for path in ("/api/sessions", "/api/facets", "/api/tools", "/api/usage"):
        assert await console.get(path)


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (NotFoundError("there is no job 1"), 404, "there is no job 1"),
        (UsageError("since: no time"), 422, "since: no time"),
        (ItemstreamError("no Kafka at x"), 503, "no Kafka at x"),
        (BrokerUnreachableError("no Kafka broker answers at x"), 503, "no Kafka broker answers at x"),
        (RefusedError("the cluster refused a change: no right"), 503, "the cluster refused a change: no right"),
        (
            KafkaConnectionError("Connection at x\nclosed"),
            503,
            "Kafka does not answer (KafkaConnectionError: Connection at x closed); try again",
        ),
        (
            CoordinatorNotAvailableError(),
            503,
            "Kafka does not answer ([Error 15] GroupCoordinatorNotAvailableError); try again",
        ),
        (TimeoutError(), 503, "Kafka does not answer (TimeoutError); try again"),
    ],
)
def test_an_error_is_a_problem_with_one_sentence(error: Exception, status: int, detail: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.detail) == (status, detail)


def test_all_of_them_are_handled() -> None:
    handled = build_app(None).exception_handlers.keys()
    assert {ItemstreamError, TopicsError, KafkaError, TimeoutError} <= handled
