"""Sampled stacks as shares."""

import pytest

from bench.hot_spots import Frame, area_of, areas_table, boxes, functions_table, stacks
from bench.report import PAGE, TITLES
from bench.tables import replaced

LINES = [
    "main (run.py:1);process (/any/where/pipeline/core/partition.py:10) 30",
    "main (run.py:2);process (/any/where/pipeline/core/partition.py:11) 30",
    "main (run.py:1);process (/any/where/pipeline/core/partition.py:11);loads (orjson.so) 20",
    "main (run.py:1);send (/v/lib/python3.11/site-packages/aiokafka/producer/sender.py:5);write (libc.so) 20",
]


def test_lines_of_a_function_are_one_frame() -> None:
    found = stacks(LINES)
    core = (Frame("main", "run.py"), Frame("process", "pipeline/core/partition.py"))
    assert found[core] == 60
    assert found.total() == 100


def test_the_innermost_known_file_names_the_area() -> None:
    areas = {area_of(stack): count for stack, count in stacks(LINES).items()}
    assert areas == {"the core": 60, "JSON (orjson)": 20, "Kafka protocol (aiokafka)": 20}
    assert areas_table(stacks(LINES)).splitlines()[2] == "| the core | 60.0% |"


def test_c_code_counts_for_the_function_that_called_it() -> None:
    lines = functions_table(stacks(LINES)).splitlines()
    assert lines[2] == "| `process` | `pipeline/core/partition.py` | 80.0% |"
    assert lines[3] == "| `send` | `aiokafka/producer/sender.py` | 20.0% |"


def test_a_frame_is_as_wide_as_its_share_and_lies_below_its_caller() -> None:
    found = list(boxes(stacks(LINES)))
    assert [(box.depth, box.frame.function, round(box.width, 3)) for box in found] == [
        (0, "main", 1.0),
        (1, "process", 0.8),
        (1, "send", 0.2),
    ]
    assert found[0].start == 0
    assert sorted(round(box.start, 3) for box in found[1:]) in ([0.0, 0.2], [0.0, 0.8])
    assert [box.frame.function for box in boxes(stacks(LINES), least=0.5)] == ["main", "process"]


@pytest.mark.parametrize(
    "name",
    [
        "picture-throughput",
        "picture-latency",
        "picture-worker",
        "environment",
        "targets",
        "settings",
        "latency",
        "hot-spots",
        *(name for name, _ in TITLES),
    ],
)
def test_the_page_has_a_place_for_everything(name: str) -> None:
    assert "here it is" in replaced(PAGE.read_text(), name, "here it is")
