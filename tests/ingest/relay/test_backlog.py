"""What the health endpoint says of a sender that does not come any further."""

from pathlib import Path

import pytest

from pipeline.ingest.journal.format import START
from pipeline.ingest.journal.reader import JournalReader
from pipeline.ingest.journal.writer import JournalLimits, JournalWriter
from pipeline.ingest.relay import backlog as module
from pipeline.ingest.relay.backlog import Backlog
from pipeline.ingest.relay.run import raise_open_files
from pipeline.ingest.relay.sending import SenderState
from tests.kafka.support import until


async def test_a_standstill_is_one_while_there_is_something_to_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    journal, state = JournalWriter(tmp_path, JournalLimits(segment_bytes=500)), SenderState()
    backlog = Backlog(journal, state)
    backlog.look()
    assert (backlog.unsent_bytes, backlog.stands_still) == (0, False)
    for _ in range(20):
        assert journal.append(b"x" * 92)
    await until(lambda: journal.bytes_behind(START) >= 2_000)
    backlog.look()
    await until(lambda: backlog.stands_still)
    reader = JournalReader(tmp_path, START)
    reader.read(1_000)
    state.position = reader.position
    backlog.look()
    assert not backlog.stands_still, "it moves"
    while reader.read(1_000):
        pass
    state.position = reader.position
    backlog.look()
    assert (backlog.unsent_bytes, backlog.standstill_seconds) == (0, 0.0)
    journal.close()
    reader.close()


def test_open_files_are_never_lowered() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    raise_open_files(1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    raise_open_files(before[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == (2 * before[0] + 64 if hard == resource.RLIM_INFINITY else min(2 * before[0] + 64, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
