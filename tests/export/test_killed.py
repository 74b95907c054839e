"""Export and import killed with -9 at each step, then run again: nothing is lost and nothing is there twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.export.layout import temporary_files
from pipeline.export.reading import read_exported
from tests.export.kafka_support import bare, make, put, there
from tests.export.support import hostile

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]


def killed(step: str, passes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.export.killed", step, str(passes), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


EXPORT_STEPS = (("written", 0), ("renamed-one", 1), ("renamed", 1), ("saved", 0), ("renamed-one", 0), ("written", 1))
IMPORT_STEPS = (("begun", 0), ("sent", 0), ("offsets-sent", 1), ("committed", 0), ("begun", 1))


async def test_killed_at_every_step_nothing_is_lost_and_nothing_twice(
    bootstrap_servers: str, prefix: str, tmp_path: Path
) -> None:
    back, folder = f"{prefix}.back", str(tmp_path / "out")
    await make(bootstrap_servers, prefix, back, partitions=2)
    records = [one for n in range(2) for one in hostile(partition=n, times=6)]
    await put(bootstrap_servers, prefix, records, size=30)
    kills(EXPORT_STEPS, bootstrap_servers, "parquet", prefix, folder)
    assert bare(read_exported(Path(folder))) == bare(records)
    assert not temporary_files(Path(folder))
    kills(IMPORT_STEPS, bootstrap_servers, "import", back, folder)
    assert await there(bootstrap_servers, back) == bare(records)


def kills(steps: Sequence[tuple[str, int]], *arguments: str) -> None:
    for step, passes in steps:
        ended = killed(step, passes, *arguments)
        assert ended.returncode == -signal.SIGKILL, (step, ended.stderr)
    ended = killed("never", 0, *arguments)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 0, "all was done before the last kill: the steps prove nothing"
