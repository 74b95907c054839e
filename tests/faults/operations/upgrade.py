"""A release rolled out, and rolled back, one worker at a time."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

from tests.faults.harness.scenario import Run, Scenario

REPOSITORY = Path(__file__).parents[3]
LAST_RELEASE = "ITEMSTREAM_LAST_RELEASE"
"""Names the commit or tag to take for the last release; else it is the last tag."""


def last_release() -> str | None:
    """None where there is none yet, or no git."""
    if told := os.environ.get(LAST_RELEASE):
        return told
    done = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "HEAD^"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def unpack(release: str, folder: Path) -> None:
    """The packages of a release."""
    archive = ["git", "archive", "--format=tar", release, "pipeline", "topics"]
    packed = subprocess.run(archive, cwd=REPOSITORY, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")


class RollingUpgrade:
    """Each round stops the worker that runs longest and starts one of the other release: forth, back, forth, …"""

    def __init__(self, old: Path, new: Path = REPOSITORY) -> None:
        self._releases = {"new": new, "old": old}
        self._use("old")

    async def start(self, run: Run) -> None: ...

    async def inject(self, run: Run, round: int) -> None:
        release = "old" if round // run.scenario.workers % 2 else "new"
        self._use(release)
        await run.workers.stop(run.workers.running[0])
        run.workers.start()
        run.note(f"to the {release} release")

    async def heal(self, run: Run, round: int) -> None: ...

    def _use(self, release: str) -> None:
        # `python -m` would look into the working folder first.
        os.environ.update(PYTHONPATH=str(self._releases[release]), PYTHONSAFEPATH="1")


def scenario(old: Path) -> Scenario:
    return Scenario(
        name="rolling-upgrade",
        title="rolling upgrade and back, one worker at a time",
        table="operations",
        fault=lambda: RollingUpgrade(old),
        rounds=12,
        rate=300,
        standstill_limit=None,
    )
