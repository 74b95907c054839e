"""Resident memory of this process, or of another with all below it."""

from __future__ import annotations

import os
from pathlib import Path

from bench.processes import family

_PAGE = os.sysconf("SC_PAGE_SIZE")


def rss_mib(pid: int | None = None) -> float:
    pages = 0
    for one in family(pid) if pid else [os.getpid()]:
        pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    return pages * _PAGE / 2**20


def peak_mib(pid: int) -> float:
    """The most that was ever resident of each process of a family, added up."""
    status = (Path(f"/proc/{one}/status").read_text() for one in family(pid))
    return sum(int(text.split("VmHWM:")[1].split()[0]) for text in status) / 1024
