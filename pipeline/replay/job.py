"""A replay job as data, and as the record that tells of it."""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self

import orjson

from pipeline import __version__
from pipeline.core import CoreSettings
from pipeline.core.event import rfc3339
from pipeline.errors import ItemstreamError
from pipeline.replay.core import Summary
from pipeline.replay.selection import EVERYTHING, Selection
from pipeline.replay.window import Window

Kind = Literal["topics", "files", "in-place"]
State = Literal["running", "done", "failed", "cancelled"]
ENDED: frozenset[State] = frozenset({"done", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One replay: what it reads, where it writes, and how it ended. Immutable; a new record tells of each change."""

    id: str
    kind: Kind
    to: str
    """The prefix of the topics it writes to; the folder of the files."""
    prefix: str
    """Of the topics the worker writes, and of the topic of the jobs."""
    group: str
    """The worker's. The job has one of its own, see `own_group`."""
    input_topic: str
    files: tuple[str, ...] = ()
    """What is read in place of the input topic."""
    selection: Selection = EVERYTHING
    windows: tuple[Window, ...] = ()
    core: CoreSettings
    made_ms: int
    by: str = ""
    erased: tuple[str, ...] = ()
    """Sessions that are left out: those that were erased when the job was made."""
    max_rate: float | None = None
    """Events a second and process, at most."""
    version: str = __version__
    state: State = "running"
    ended: str | None = None
    """When, RFC 3339."""
    result: Summary | None = None
    report: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else there is to tell of the result."""
    error: str | None = None

    @property
    def own_group(self) -> str:
        """The job's consumer group; its transactional ids and its state's topic are named after it."""
        return job_group(self.group, self.id)

    @property
    def shared(self) -> bool:
        """Whether several processes can work on it, partition by partition."""
        return self.kind == "topics" and not self.files

    @property
    def active(self) -> Sequence[Window]:
        """The windows in which there is anything to read."""
        return [window for window in self.windows if not window.empty]

    @property
    def size(self) -> int:
        """Offsets to read in all."""
        return sum(window.size for window in self.windows)

    @property
    def lost(self) -> int:
        """Sessions whose beginning is gone."""
        return sum(len(window.lost) for window in self.windows)

    def end(self, state: State, **told: Any) -> Self:
        """The job as it ended."""
        return replace(self, state=state, ended=now(), **told)

    def encoded(self) -> bytes:
        """The value of its record."""
        told = {name: getattr(self, name) for name in self.__slots__}
        told |= {
            "selection": self.selection.as_json(),
            "windows": [window.as_json() for window in self.windows],
            "core": asdict(self.core),
            "made": rfc3339(self.made_ms),
        }
        return orjson.dumps(told)

    @classmethod
    def decoded(cls, value: bytes) -> Self:
        """What `encoded` wrote. Raises ItemstreamError where that was another release, of another form."""
        try:
            told = orjson.loads(value)
            del told["made"]
            told |= {
                "files": tuple(told["files"]),
                "erased": tuple(told.get("erased", ())),
                "selection": Selection.from_json(told["selection"]),
                "windows": tuple(Window.from_json(window) for window in told["windows"]),
                "core": CoreSettings(**told["core"]),
                "result": None if told["result"] is None else Summary.from_json(told["result"]),
            }
            return cls(**told)
        except (ValueError, KeyError, TypeError) as error:
            raise ItemstreamError(
                f"a record of a replay job can't be read ({error}); another release wrote it: use that one"
            ) from error


def job_group(group: str, job_id: str) -> str:
    """Begins with the worker's group, so that rights granted for names that begin so cover it."""
    return f"{group}-replay-{job_id}"


def new_id() -> str:
    """Today and four letters nobody else has."""
    return f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}"


def whoami() -> str:
    """Who starts a job, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "?"
    return f"{user}@{socket.gethostname()}"


def now() -> str:
    """The wall clock, RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
