"""The folder of a journal: who it is, who may write to it, and how far it has been sent."""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from pipeline.durable import put
from pipeline.errors import ItemstreamError
from pipeline.ingest.journal.format import START, Position

_IDENTITY = "journal.json"
_LOCK = "lock"
_SENT = "sent.json"


class FolderLock:
    """The right to write to a journal: one process has it, and loses it by ending, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take it. Raises ItemstreamError where another process has it, or the folder can't be used."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ItemstreamError(
                f"journal_dir {folder} can't be used: {error.strerror}; name a folder on a local disk that may be "
                "written to"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise ItemstreamError(
                f"the journal in {folder} belongs to a process that runs: give each relay a journal_dir of its own"
            ) from error

    def release(self) -> None:
        """Give it back."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.release()


def identity(folder: Path) -> str:
    """The journal's name for ever, made at its first use; Kafka knows how far it was sent under this name."""
    path = folder / _IDENTITY
    found = _read(path).get("id")
    if not isinstance(found, str):
        found = uuid.uuid4().hex[:12]
        put(path, orjson.dumps({"id": found}))
    return found


def remember_sent(folder: Path, position: Position) -> None:
    """Note how far all is in Kafka: a second opinion, for when the group's own offset has expired there."""
    put(folder / _SENT, orjson.dumps({"position": position.packed()}), durable=False)


def remembered_sent(folder: Path) -> Position:
    """What `remember_sent` noted last; the start where it never did."""
    found = _read(folder / _SENT).get("position")
    return Position.unpacked(found) if isinstance(found, int) and found >= 0 else START


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found: Any = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]
