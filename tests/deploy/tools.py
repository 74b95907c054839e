"""The tools that deploy/install-tools installs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.paths import cache_dir

ROOT = Path(__file__).parents[2]
TOOLS = cache_dir() / "tools"


def tool(name: str) -> str:
    """Its path; skips the test where it is not installed."""
    found = TOOLS / "bin" / name
    if found.is_file():
        return str(found)
    return shutil.which(name) or pytest.skip(f"{name} is missing; install it with: make deploy-tools")


def run(*command: str | Path, text: str | None = None, ok: bool = True) -> str:
    """What a command prints, errors too."""
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout + done.stderr
