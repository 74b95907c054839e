"""A file that is put in the place of another."""

import os
import stat
from pathlib import Path

import pytest

from pipeline.durable import BY_UMASK, put


@pytest.mark.parametrize("durable", [True, False])
def test_it_is_there_whole_and_nothing_else_is(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "state.json"
    for text in (b"one" * 1_000_000, b"two", b""):
        put(path, text, durable=durable)
        assert path.read_bytes() == text
    assert os.listdir(tmp_path) == ["state.json"]  # noqa: PTH208 - names are what is looked at


def test_who_may_read_it(tmp_path: Path) -> None:
    put(tmp_path / "mine", b"")
    put(tmp_path / "ours", b"", mode=BY_UMASK)
    mask = os.umask(0)
    os.umask(mask)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("mine", "ours")}
    assert modes == {"mine": 0o600, "ours": 0o666 & ~mask}


def test_what_a_kill_left_behind_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".state.json.tmp").write_bytes(b"half of a longer thing")
    put(tmp_path / "state.json", b"whole")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("state.json", b"whole")]


def test_where_it_can_not_be_written_the_old_one_stays(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    put(path, b"old")
    (tmp_path / ".state.json.tmp").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        put(path, b"new")
    assert path.read_bytes() == b"old"
