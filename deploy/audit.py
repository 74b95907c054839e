"""Looks every locked package up in the advisory databases: pip-audit asks for Python's, npm for the console page's.

`python deploy/audit.py`: 1 where a known vulnerability was found; 0 where none was, and also where a database could
not be asked, which it says: a build without a way there is not to fail, nor to look as if it had been audited.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "pipeline" / "console" / "page"
PAGE_LOCK = PAGE / "package-lock.json"
LOCKS = ("requirements.lock", "deploy/build.lock")
"""The first has everything that the image has, in the same versions; the second what builds it."""

PIP_AUDIT = ("--disable-pip", "--no-deps", "--require-hashes", "--progress-spinner=off", "--timeout=10", "-f=json")
NPM_AUDIT = ("audit", "--omit=dev", "--package-lock-only", "--json", "--fetch-retries=0", "--fetch-timeout=10000")
SECONDS = 120


class Answer(NamedTuple):
    """What a database said of a lock file. found: a line each; asked: how many packages; skipped: those not known."""

    found: list[str]
    asked: int
    skipped: int = 0


def main() -> int:
    with ThreadPoolExecutor() as threads:
        answers = [(lock, threads.submit(ask_python, lock)) for lock in LOCKS]
        answers.append((str(PAGE_LOCK.relative_to(ROOT)), threads.submit(ask_npm)))
    return max([tell(lock, answer.result()) for lock, answer in answers])


def tell(lock: str, answer: Answer | None) -> int:
    """Say what came of a lock file; 1 where something was found."""
    if answer is None:
        print(f"audit: {lock} was NOT audited: the advisory database can't be reached")
        return 0
    for line in answer.found:
        print(f"audit: {line}")
    if answer.skipped:
        unknown = f"{answer.skipped} of {answer.asked} packages"
        print(f"audit: {lock}: {unknown} were NOT audited: the database did not know them")
    elif not answer.found:
        print(f"audit: {lock}: {answer.asked} packages, none with a known vulnerability")
    return 1 if answer.found else 0


def ask_python(lock: str) -> Answer | None:
    """Of a lock file of pip's; None where the database could not be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, *PIP_AUDIT]
    try:
        asked = json.loads(_output(command, ROOT))["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return None
    found = [
        f"{one['name']} {one['version']}: {bug['id']}, fixed in {', '.join(bug['fix_versions']) or 'no version yet'}"
        for one in asked
        for bug in one.get("vulns", ())
    ]
    return Answer(found, len(asked), sum("skip_reason" in one for one in asked))


def ask_npm() -> Answer | None:
    """Of what the console's page is made of; None where the database could not be asked, or there is no npm."""
    build: dict[str, Any] = runpy.run_path(str(PAGE / "build.py"))
    npm = build["npm"]()
    if npm is None:
        return None
    try:
        told = json.loads(_output([*npm, *NPM_AUDIT], PAGE, build["environment"](npm)))
        found, asked = told["vulnerabilities"], told["metadata"]["dependencies"]["prod"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return None
    versions = json.loads(PAGE_LOCK.read_text())["packages"]
    # A package that only needs a vulnerable one is listed too, with that one's name in place of an advisory.
    lines = [
        f"{one['name']} {versions[place]['version']}: {bug['title']} ({bug['severity']}), {bug['url']}"
        for one in found.values()
        for place in one["nodes"]
        for bug in one["via"]
        if isinstance(bug, dict)
    ]
    return Answer(lines, asked)


def _output(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
