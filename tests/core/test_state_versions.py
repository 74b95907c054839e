"""State written by an earlier release is read by this one; that of a later one is not guessed.

`state/vN.jsonl` holds the changelog of a busy session, byte for byte as the first release with state version N wrote
it. A change to what is kept needs a new `VERSION`, an entry in `UPGRADES`, and a file: `python -m
tests.core.test_state_versions` writes it. The old files stay as they are.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.core import CoreSettings, StateUnreadable, codec
from tests.core.events import Talk, answer, call, message, response, restored, spoken, state_of
from tests.core.test_state import busy

FILES = Path(__file__).with_name("state")
VERSIONS = sorted(int(file.stem[1:]) for file in FILES.glob("v*.jsonl"))

Records = list[tuple[bytes, bytes]]


def read(version: int) -> Records:
    lines = (FILES / f"v{version}.jsonl").read_bytes().splitlines()
    return [(key.encode(), value.encode()) for key, value in map(orjson.loads, lines)]


def test_this_version_has_its_file() -> None:
    assert codec.VERSION in VERSIONS, "the state has a new version: see above how to keep a sample of it"


def test_every_version_below_has_its_upgrade() -> None:
    assert sorted(codec.UPGRADES) == list(range(1, codec.VERSION))


def test_the_present_version_is_written_as_it_was_first() -> None:
    records = dict(read(codec.VERSION))
    assert state_of(restored(records.items(), CoreSettings())) == records, "same version, other bytes: see above"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_goes_on_from_the_state_of_an_earlier_release(version: int) -> None:
    talk = Talk()
    talk.partition = restored(read(version), talk.settings)
    before = talk.partition.wake_all()[b"sess_1"].cursor.sequence
    talk.ms, talk.offset = talk.ms + 60_000, 1_000  # event ids of its own
    # A message whose transcript came first, a call whose output did, a response under way, an item that is out.
    (early,) = talk.say("conversation.item.done", item=spoken("early"))
    assert early["transcript"]["text"] == "Æ😀"
    late = [out for out in talk.say("conversation.item.done", item=call("cl", "call_late")) if out["item_id"] == "late"]
    assert [(out["revision"], out["name"]) for out in late] == [(2, "weather")]
    done = talk.say("response.done", response=response("running", answer("m")))
    assert {out.topic for out in done} == {"items.messages", "responses"}
    (gone,) = talk.say("conversation.item.deleted", item_id="u")
    assert (gone["revision"], gone["text"]) == (4, "Second")
    numbers = [out["session_sequence"] for out in talk.outs]
    assert numbers == list(range(before + 1, before + 1 + len(numbers)))


def test_an_upgrade_is_applied_version_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def second(kind: str, fields: list[Any]) -> list[Any]:
        seen.append(kind)
        return [*fields, "new in 2"]

    def third(kind: str, fields: list[Any]) -> list[Any]:
        assert fields[-1] == "new in 2"
        return fields[:-1]

    monkeypatch.setattr(codec, "VERSION", 3)
    monkeypatch.setattr(codec, "UPGRADES", {1: second, 2: third})
    state = restored(read(1), CoreSettings())
    assert state.wake_all()[b"sess_1"].items["u"].revision == 3
    assert {"s", "c", "i", "r"} == set(seen)


@pytest.mark.parametrize(("version", "told"), [(2, "newer release"), (0, "no release"), ('"1"', "no release")])
def test_what_this_release_can_not_read_is_said(version: object, told: str) -> None:
    key, value = read(1)[0]
    with pytest.raises(StateUnreadable, match=told):
        restored([(key, f"[{version}".encode() + value[2:])], CoreSettings())


def write() -> None:
    """The sample of this version, once."""
    talk = busy()
    talk.say("conversation.item.done", item=message("x", "system", {"type": "input_text", "text": "nothing"}))
    records = {key: value for key, value in talk.changelog if value is not None}
    with (FILES / f"v{codec.VERSION}.jsonl").open("xb") as file:
        for key, value in records.items():
            file.write(orjson.dumps([key.decode(), value.decode()], option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    write()
