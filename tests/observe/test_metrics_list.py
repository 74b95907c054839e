"""The list of metrics, and the page made of it."""

import re

from pipeline.observe.metrics import METRICS
from pipeline.observe.page import PAGE, page


def test_the_page_is_that_of_the_list() -> None:
    assert PAGE.read_text() == page(), "docs/metrics.md is not what the list says: make metrics"


def test_names_and_sentences_follow_the_conventions() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"(itemstream|process)(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.help[0].isupper() or metric.help[0].isdigit(), metric.name
        assert metric.help.endswith("."), metric.name
        assert "milli" not in metric.name, "base units: seconds, bytes"
