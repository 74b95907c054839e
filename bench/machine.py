"""Where something was measured, as the pages say it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from bench.programs import OWN, ROOT


def machine() -> str:
    """Cores, memory, system, what else was at work, and which itemstream it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    own = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (
        f"{os.cpu_count()} cores ({processor()}), {memory:.0f} GiB, {platform.system()} {platform.machine()}; "
        f"load average before: {os.getloadavg()[0]:.1f}. itemstream {_itemstream()} ({own.stdout.strip()})"
    )


def processor() -> str:
    """Its name; where the system does not tell one, its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _itemstream() -> str:
    told = subprocess.run([str(OWN / "itemstream"), "--version"], capture_output=True, text=True, check=False)
    return told.stdout.split()[1] if told.stdout else "?"
