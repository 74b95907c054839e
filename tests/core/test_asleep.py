"""Which sessions sleep, and when."""

from pipeline.core import CoreSettings, Partition, Room
from tests.core.events import Talk, response, user

SLEEPY = CoreSettings(max_awake=2, restless_records=3)


def names(partition: Partition) -> list[bytes]:
    return sorted(partition.sessions)


def sessions(number: int, settings: CoreSettings = SLEEPY) -> tuple[Partition, list[Talk]]:
    partition = Partition(settings)
    talks = [Talk(f"s{one}", partition) for one in range(number)]
    for talk in talks:
        talk.say("conversation.item.added", item=user("a"))
    return partition, talks


def test_of_more_sessions_than_there_is_room_for_those_sleep_that_were_heard_of_the_longest_ago() -> None:
    partition, _ = sessions(10)
    assert names(partition) == [b"s7", b"s8", b"s9"]  # two have room, three were heard of within three records
    partition.idle(0)
    assert len(partition.sessions) == 2


def test_a_session_that_sleeps_is_there_all_the_same() -> None:
    partition, talks = sessions(10)
    (out,) = talks[0].say("conversation.item.done", item=user("a"))
    assert (out["item_id"], out["revision"]) == ("a", 1)
    assert b"s0" in partition.sessions
    assert partition.size().open == 10
    assert len(partition.wake_all()) == 10


def test_while_there_is_room_nobody_sleeps() -> None:
    partition, _ = sessions(10, CoreSettings(max_awake=10, restless_records=0))
    assert len(partition.sessions) == 10
    assert partition.size().asleep == 0


def test_a_session_whose_response_is_under_way_stays_awake() -> None:
    partition, talks = sessions(10)
    talks[0].say("response.created", response=response("r"))
    for _ in range(10):
        talks[1].say("conversation.item.deleted", item_id="a")
    partition.idle(0)
    assert b"s0" in partition.sessions


def test_partitions_of_a_process_share_the_room() -> None:
    room = Room(3)
    settings = CoreSettings(restless_records=0)
    first, second = Partition(settings, room), Partition(settings, room)
    for number in range(3):
        Talk(f"s{number}", first).say("conversation.item.added", item=user("a"))
    Talk("other", second).say("conversation.item.added", item=user("a"))
    assert (len(first.sessions), len(second.sessions)) == (3, 0)
    del first
    Talk("another", second).say("conversation.item.added", item=user("a"))
    assert len(second.sessions) == 1


def test_a_long_session_stays_awake_so_that_no_event_has_to_wait_for_its_history() -> None:
    partition, talks = sessions(1, CoreSettings(max_awake=0, restless_records=0))
    assert not partition.sessions
    for number in range(251):
        talks[0].say("conversation.item.added", item=user(f"i{number}"))
    assert len(partition.sessions) == 1


def test_what_is_known_of_the_state_counts_those_that_sleep() -> None:
    settings = CoreSettings(max_awake=0, restless_records=0)
    partition, talks = sessions(2, settings)
    assert partition.size().asleep == 2 * 3  # cursor, configuration and an item each
    talks[0].say("response.created", response=response("r"))
    size = partition.size()
    assert (size.open, size.items, size.responses, size.asleep) == (2, 1, 1, 3)
