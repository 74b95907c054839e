"""The benchmark's environment runs parts of the product: what the worker needs is in its lock file too."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = sorted(
    re.split(r"[^A-Za-z0-9-]", one)[0]
    for one in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["worker"])
)


@pytest.mark.parametrize("package", NEEDED)
def test_the_lock_file_has_it(package: str) -> None:
    lock = (ROOT / "bench" / "requirements.lock").read_text()
    assert re.search(rf"^{package}(\[.*\])?==", lock, re.MULTILINE), "run: make bench-lock"
