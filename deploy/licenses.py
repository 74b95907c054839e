"""Writes docs/licenses.md: the licences of all packages in the image, from lock files and the packages' metadata.

`python deploy/licenses.py` after `make lock` or a change of the console page's packages; a test fails where the page is
older than the locks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licenses.md"
LOCKS = {"worker": "deploy/requirements.lock", "export": "deploy/export.lock"}
PAGE_LOCK = "pipeline/console/page/package-lock.json"
HEAD = """# Licences of what is in the image

Made by `python deploy/licenses.py` from lock files and the packages' own metadata. itemstream itself is Apache-2.0. The
base image brings those of Debian's packages (`/usr/share/doc/*/copyright`) and of Python
(`/usr/local/lib/python3.11/LICENSE.txt`).

## Python

Of `deploy/requirements.lock` and `deploy/export.lock`; packages of the target `export` alone are marked.

| package | version | licence | only in |
|---|---|---|---|
"""
PAGE_HEAD = """
## The console's page

Of `pipeline/console/page/package-lock.json`, without what only builds and checks the page. It is in the wheel too, as
files built of these packages, or of parts of them; notices and terms of those that went in lie beside them, in
`licenses.md` (a console answers with it at `/licenses.md`).

| package | version | licence |
|---|---|---|
"""
_LONG = 60
"""A longer text in `License` is the licence itself, not its name."""


def page() -> str:
    """The page's text, from the Python packages installed here and npm's lock file."""
    versions = {image: dict(_locked(ROOT / file)) for image, file in LOCKS.items()}
    rows = [
        f"| {name} | {version} | {licence(name)} | {'' if name in versions['worker'] else 'export'} |\n"
        for name, version in sorted(versions["export"].items())
        if _installed(name)
    ]
    return HEAD + "".join(rows) + PAGE_HEAD + "".join(f"| {' | '.join(row)} |\n" for row in sorted(of_the_page()))


def of_the_page() -> Iterator[tuple[str, str, str]]:
    """Name, version and licence of each package that the console's page is made of: without development's own."""
    for path, package in json.loads((ROOT / PAGE_LOCK).read_text())["packages"].items():
        if path and not package.get("dev") and not package.get("devOptional"):
            yield (
                path.rpartition("node_modules/")[2],
                package["version"],
                package.get("license", "not told").strip("()"),
            )


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
