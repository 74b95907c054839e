"""Looks every locked package up in the advisory database (pip-audit, which asks the package index).

`python deploy/audit.py`: 1 where a known vulnerability was found; 0 where none was, and also where the database could
not be asked, which it says: a build without a way there is not to fail, nor to look as if it had been audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock",)
"""It has everything that the image has, in the same versions."""

OPTIONS = ("--disable-pip", "--no-deps", "--require-hashes", "--progress-spinner=off", "--timeout=10", "--format=json")


def main() -> int:
    return max([audit(lock) for lock in LOCKS])


def audit(lock: str) -> int:
    """Ask for one lock file, say what came of it."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, *OPTIONS]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        asked = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        print(f"audit: {lock} was NOT audited: the advisory database can't be reached")
        return 0
    found = [(one, bug) for one in asked for bug in one.get("vulns", ())]
    for one, bug in found:
        fixed = ", ".join(bug["fix_versions"]) or "no version yet"
        print(f"audit: {one['name']} {one['version']}: {bug['id']}, fixed in {fixed}")
    skipped = sum("skip_reason" in one for one in asked)
    if skipped:
        print(f"audit: {lock}: {skipped} of {len(asked)} packages were NOT audited: the database did not know them")
    if not found and not skipped:
        print(f"audit: {lock}: {len(asked)} packages, none with a known vulnerability")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
