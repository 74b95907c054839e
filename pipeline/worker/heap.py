"""Memory that nobody uses goes back to the system: the C library would keep most of what a burst took."""

from __future__ import annotations

import asyncio
import ctypes
from typing import Any

MMAP_BYTES = 1 << 20
"""What is larger gets pages of its own, which go back when it is let go. glibc raises this bound by itself as soon as
the first fetch is freed; buffers of megabytes then lie among the small objects of the state and leave holes."""
TOP_BYTES = 4 << 20
"""So much may stay free at the heap's end. Both at 128 KiB cost a fifth of the worker's time at 1.5 KB a record: each
batch took pages from the system and gave them back (`make bench`, items only: 47 and 38 µs a record)."""
TRIM_SECONDS = 10.0

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h


def hold_little() -> None:
    """Tell glibc to give memory back early; other C libraries do as they like."""
    if (library := _glibc()) is not None:
        library.mallopt(_M_MMAP_THRESHOLD, MMAP_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, TOP_BYTES)


async def trim_for_ever() -> None:
    """Give free pages in the middle of the heap back, again and again. It takes milliseconds."""
    if (library := _glibc()) is not None:
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            library.malloc_trim(0)


def _glibc() -> Any | None:
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
