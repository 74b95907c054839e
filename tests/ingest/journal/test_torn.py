"""What a crash may leave of a journal, byte by byte: what was acknowledged is read back, and nothing is made up."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.journal.format import HEADER_BYTES, START, Position, segment_path
from pipeline.ingest.journal.reader import JournalReader
from pipeline.ingest.journal.segment import Segment

RECORD = st.binary(min_size=1, max_size=60) | st.integers(1, 5000).map(lambda size: b"\0" * size)
RECORDS = st.lists(RECORD, max_size=12)
BEHIND = st.sampled_from([b"", b"\0" * 4096, b"\xff" * 64, b"ISJOURN1"]) | st.binary(max_size=40)
"""What stands behind the last byte that reached the disk: nothing, zeros, old blocks."""


def write(folder: Path, number: int, records: list[bytes]) -> list[int]:
    """A segment; where each of its records ends."""
    segment = Segment(folder, number)
    ends: list[int] = []
    for record in records:
        assert segment.append([record]) == (1, None)
        ends.append(segment.size)
    segment.close()
    return ends


def read(folder: Path, start: Position = START, size: int = 1 << 20) -> list[bytes]:
    reader = JournalReader(folder, start)
    found: list[bytes] = []
    try:
        while records := reader.read(size):
            found += records
    finally:
        reader.close()
    return found


@given(RECORDS, st.data(), BEHIND, st.integers(1, 200))
def test_cut_at_any_byte(records: list[bytes], data: st.DataObject, behind: bytes, size: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        ends = write(folder, 1, records)
        path = segment_path(folder, 1)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut] + behind)
        kept = records[: sum(end <= cut for end in ends)] if cut >= HEADER_BYTES else []
        found = read(folder, size=size)
        # More than what stood before the cut only where the bytes behind it happen to be the very ones cut away.
        assert found == kept or (
            found == records[: len(found)] and (whole[:cut] + behind).startswith(whole[: ends[len(found) - 1]])
        )
        write(folder, 2, [b"next"])
        assert read(folder, size=size) == [*found, b"next"]


@given(RECORDS, RECORDS, st.data())
def test_any_byte_changed_ends_the_segment_there(first: list[bytes], second: list[bytes], data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        ends = write(folder, 1, first)
        write(folder, 2, second)
        path = segment_path(folder, 1)
        damaged = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(damaged)
        kept = first[: sum(end <= at for end in ends)] if at >= HEADER_BYTES else []
        assert read(folder) == [*kept, *second]


@given(RECORDS)
def test_blocks_of_another_segment_are_no_records(records: list[bytes]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, 1, records)
        write(folder, 2, [])
        old = segment_path(folder, 1).read_bytes()[HEADER_BYTES:]
        with segment_path(folder, 2).open("ab") as file:
            file.write(old)
        assert read(folder) == records


@given(st.lists(RECORDS, min_size=1, max_size=5), st.integers(1, 300), st.data())
def test_a_reader_may_go_on_from_any_position_it_was_at(
    parts: list[list[bytes]], size: int, data: st.DataObject
) -> None:
    records = [record for part in parts for record in part]
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, part in enumerate(parts, 1):
            write(folder, number, part)
        reader = JournalReader(folder, START)
        found: list[bytes] = []
        positions = [(START, 0)]
        while some := reader.read(size):
            found += some
            positions.append((reader.position, len(found)))
        assert found == records
        assert [place.packed() for place, _ in positions] == sorted({place.packed() for place, _ in positions})
        position, behind = data.draw(st.sampled_from(positions))
        assert Position.unpacked(position.packed()) == position
        reader.forget_sent(position)
        assert read(folder, position, size) == records[behind:]


@given(st.lists(st.sampled_from(["append", "part", "read", "roll"]), max_size=40))
def test_a_reader_beside_the_writer(steps: list[str]) -> None:
    """A record that is half written is waited for, in the last segment; nothing is read twice."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        number = written = 0
        segment: Segment | None = None
        found: list[bytes] = []
        reader = JournalReader(folder, START)
        for step in steps:
            if segment is None or step == "roll":
                number += 1
                if segment is not None:
                    segment.close()
                segment = Segment(folder, number)
            if step == "append":
                written += 1
                assert segment.append([b"record %d" % written]) == (1, None)
            elif step == "part":
                with segment_path(folder, number).open("r+b") as file:
                    file.seek(segment.size)
                    file.write(b"\0\0\0\x09\x01")  # what a writer had written of its next record when it was killed
            elif step == "read":
                found += reader.read(1 << 16)
        while some := reader.read(1 << 16):
            found += some
        assert found == [b"record %d" % one for one in range(1, written + 1)]
        if segment is not None:
            segment.close()
