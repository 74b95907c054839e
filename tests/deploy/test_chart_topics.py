"""The Job of the topics runs beside workers: it adds no partitions unless it is told, as the runbook does."""

import re

import pytest

from tests.deploy.chart import pod_of, rendered
from tests.deploy.tools import ROOT


@pytest.mark.parametrize("grow", [False, True])
def test_topics_that_are_there_keep_their_partitions_unless_they_are_to_grow(grow: bool) -> None:
    values = {"topics.partitions": "24"} | ({"topics.grow": "true"} if grow else {})
    (container,) = pod_of(rendered(values)["Job", "topics"])["containers"]
    assert "--partitions=24" in container["args"]
    assert ("--keep-partitions" in container["args"]) is not grow


def test_adding_partitions_by_the_runbook_grows_topics_with_no_worker_there() -> None:
    page = (ROOT / "docs" / "runbook.md").read_text()
    steps = [
        dict(one.split("=") for one in given.split(",")) for given in re.findall(r"^up --set (\S+)", page, re.MULTILINE)
    ]
    running = {"ingest.enabled": "true", "autoscaling.enabled": "true"}
    collectors, workers, grown = (rendered({**running, **step}) for step in steps)
    assert collectors["Deployment", "ingest"]["spec"]["replicas"] == 0
    assert workers["Deployment", "worker"]["spec"]["replicas"] == 0
    assert ("ScaledObject", "worker") not in workers
    for made in (collectors, workers):
        assert "--keep-partitions" in pod_of(made["Job", "topics"])["containers"][0]["args"]
    assert "--keep-partitions" not in pod_of(grown["Job", "topics"])["containers"][0]["args"]
    assert ("ScaledObject", "worker") in grown
