"""What must outlive a power cut."""

from __future__ import annotations

import os
from pathlib import Path

OWNER_ONLY, BY_UMASK = 0o600, 0o666


def sync(path: Path) -> None:
    """Wait until the disk has the file, or, of a folder, the names in it. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(path: Path, data: bytes, *, durable: bool = True, mode: int = OWNER_ONLY) -> None:
    """Put a file in the place of another, whole or not at all; one at a time. Raises OSError.

    durable: return when the disk has it. Without, a power cut may leave either, and a kill of the process one of them.
    """
    beside = path.with_name(f".{path.name}.tmp")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    beside.replace(path)
    if durable:
        sync(path.parent)
