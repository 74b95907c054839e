"""Writes docs/licenses.md: the licences of everything in the image, from the lock file and the packages' own metadata.

`python deploy/licenses.py` after `make lock`; a test fails where the page is older than the lock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licenses.md"
LOCKS = {"worker": "deploy/requirements.lock", "export": "deploy/export.lock"}
HEAD = """# Licences of what is in the image

Made by `python deploy/licenses.py` from `deploy/requirements.lock` and `deploy/export.lock` (packages of the target
`export` alone are marked) and from the packages' own metadata. itemstream itself is Apache-2.0.

| package | version | licence | only in |
|---|---|---|---|
"""
_LONG = 60
"""A longer text in `License` is the licence itself, not its name."""


def page() -> str:
    """The page's text, from the packages installed here."""
    versions = {image: dict(_locked(ROOT / file)) for image, file in LOCKS.items()}
    rows = [
        f"| {name} | {version} | {licence(name)} | {'' if name in versions['worker'] else 'export'} |\n"
        for name, version in sorted(versions["export"].items())
        if _installed(name)
    ]
    return HEAD + "".join(rows)


def licence(name: str) -> str:
    """The name of a package's licence, as it tells it."""
    told = metadata.metadata(name)
    expression, text = told.get("License-Expression"), told.get("License") or ""
    if expression:
        return expression
    classifiers = [
        line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if line.startswith("License ::")
    ]
    if classifiers:
        return ", ".join(classifiers)
    return text.strip().splitlines()[0][:_LONG] if text.strip() else "not told"


def _installed(name: str) -> bool:
    """Whether it belongs to this platform: the lock has those of others too."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _locked(lock: Path) -> Iterator[tuple[str, str]]:
    for line in lock.read_text().splitlines():
        if found := re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line):
            yield found[1], found[2]


if __name__ == "__main__":
    PAGE.write_text(page())
