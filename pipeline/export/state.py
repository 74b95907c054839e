"""`_export.json`: what a folder holds, and how far it goes. The one file that says what is complete.

It is replaced as a whole (written beside, synced, renamed) after the files it speaks of are in place, so that a kill at
any point leaves the old one or the new one. A file that goes beyond it was not complete and is written again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from pipeline.durable import BY_UMASK, put
from pipeline.errors import ItemstreamError
from pipeline.export.layout import ExportedFile, Format
from pipeline.export.selection import Selection

NAME = "_export.json"


@dataclass(slots=True)
class ExportState:
    """What is exported to a folder. All but `next` and `ends` stays as it was at the beginning."""

    topic: str
    cluster: str | None
    """Kafka's id of the cluster; None where it told none."""
    format: Format
    asked: dict[str, list[str]]
    """Selecting flags as they were given: a later run is to give the same."""
    selection: Selection
    """What they meant at the first run."""
    id: str
    """Of this export: says to `itemstream import` what it has imported."""
    latest_revision: bool = False
    ends: dict[int, int] | None = None
    """Of the latest revisions: where partitions ended when they were looked for. Offset of the next record."""
    next: dict[int, int] = field(default_factory=dict[int, int])
    """Partition -> offset up to which all that was meant is in files."""
    version: Literal[1] = 1

    def has(self, file: ExportedFile) -> bool:
        """Whether a file is a complete one of this export."""
        return file.last < self.next.get(file.partition, 0)

    def save(self, folder: Path) -> None:
        """Put it in place of the old one."""
        put(folder / NAME, _ADAPTER.dump_json(self, indent=2), mode=BY_UMASK)

    @classmethod
    def load(cls, folder: Path) -> ExportState | None:
        """None where there is none. Raises ItemstreamError where it can't be read."""
        path = folder / NAME
        try:
            state = _ADAPTER.validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ItemstreamError(f"cannot read {path}: {error.strerror}") from error
        except ValueError as error:
            raise ItemstreamError(
                f"{path} is not what this release of itemstream wrote: name another folder, or move what is in it away"
            ) from error
        return state


_ADAPTER = TypeAdapter(ExportState)
