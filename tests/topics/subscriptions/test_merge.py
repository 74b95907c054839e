"""The merge of a lane: a session's records come in their order, whatever is read when, and none waits for ever."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from topics.subscriptions.merge import Merge

TOPICS = ("a", "b", "c")
SUBSCRIBED = ("a", "b")


@dataclass(frozen=True)
class Written:
    """One record of a topic."""

    session: str
    sequence: int
    input_offset: int | None


@dataclass
class Log:
    """What a worker writes: batches of records, each visible as a whole, for the topics of one lane."""

    topics: dict[str, list[Written]] = field(default_factory=lambda: {topic: [] for topic in TOPICS})
    visible: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOPICS, 0))
    numbers: dict[str, int] = field(default_factory=dict)
    offset: int = 0

    def write(self, batch: list[tuple[str, list[str], bool]]) -> None:
        """Events of a batch: the session, the topics of its outputs, whether they came of its going idle."""
        for session, topics, idle in batch:
            self.offset += 1
            for topic in topics:
                number = self.numbers[session] = self.numbers.get(session, 0) + 1
                self.topics[topic].append(Written(session, number, None if idle else self.offset))

    def show(self, topic: str) -> None:
        self.visible[topic] = len(self.topics[topic])


events = st.tuples(
    st.sampled_from(["s", "t", "u"]), st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3), st.booleans()
)
batches = st.lists(st.lists(events, min_size=1, max_size=4), min_size=1, max_size=8)


def read(log: Log, merge: Merge[Written], positions: dict[str, int], topic: str, count: int) -> None:
    """Read at most `count` of the visible records of a topic."""
    start = positions[topic]
    some = log.topics[topic][start : min(start + count, log.visible[topic])]
    for one in some:
        merge.add(topic, one, one.session, one.sequence, one.input_offset)
    positions[topic] = start + len(some)
    merge.read_to(topic, positions[topic])


@settings(max_examples=400, deadline=None)
@given(batches=batches, data=st.data())
def test_a_session_comes_in_its_order(batches: list[list[tuple[str, list[str], bool]]], data: st.DataObject) -> None:
    log, merge = Log(), Merge[Written](SUBSCRIBED)
    positions: dict[str, int] = dict.fromkeys(SUBSCRIBED, 0)
    released: list[Written] = []
    asked: tuple[dict[str, int], int] | None = None
    for batch in batches:
        # A worker appends to all topics, then its transaction is committed, topic by topic; anything may be read
        # between, and a question for the ends may be answered any time later.
        log.write(batch)
        for topic in data.draw(st.permutations(TOPICS)):
            for _ in range(data.draw(st.integers(0, 3))):
                step = data.draw(st.sampled_from(["a", "b", "ask", "answer"]))
                if step == "ask":
                    # The ends are told some time after the question: they may only have grown by then.
                    asked = ({name: len(log.topics[name]) for name in SUBSCRIBED}, merge.arrived)
                elif step == "answer" and asked is not None:
                    merge.ends(*asked)
                elif step in SUBSCRIBED:
                    read(log, merge, positions, step, data.draw(st.integers(1, 4)))
                released += merge.release()
            log.show(topic)
    for topic in SUBSCRIBED:
        read(log, merge, positions, topic, 10_000)
    released += merge.release()
    merge.ends({name: len(log.topics[name]) for name in SUBSCRIBED}, merge.arrived)
    released += merge.release()
    assert merge.waiting == 0
    assert len(released) == len(set(released)) == sum(len(log.topics[topic]) for topic in SUBSCRIBED)
    last: dict[str, int] = {}
    for one in released:
        assert one.sequence > last.get(one.session, 0), released
        last[one.session] = one.sequence


def added(merge: Merge[str], topic: str, session: str, sequence: int, offset: int | None) -> None:
    merge.add(topic, f"{session}{sequence}", session, sequence, offset)


def test_the_next_number_goes_at_once() -> None:
    merge = Merge[str](SUBSCRIBED)
    added(merge, "a", "s", 1, 5)
    assert merge.release() == []  # nothing says that it is the first of what is read
    merge.ends({"a": 1, "b": 0}, merge.arrived)
    merge.read_to("a", 1)
    merge.read_to("b", 0)
    assert merge.release() == ["s1"]
    added(merge, "a", "s", 2, 6)
    assert merge.release() == ["s2"]


def test_a_gap_waits_until_the_other_topic_is_past_it() -> None:
    merge = Merge[str](SUBSCRIBED)
    added(merge, "a", "s", 7, 50)
    added(merge, "b", "t", 1, 50)
    assert merge.release() == []  # the same input event may have made more in b
    added(merge, "b", "t", 2, 51)
    assert "s7" in merge.release()


def test_what_comes_late_goes_first() -> None:
    merge = Merge[str](SUBSCRIBED)
    added(merge, "a", "s", 7, 50)
    added(merge, "b", "s", 6, 49)
    added(merge, "b", "t", 1, 60)
    assert merge.release()[:2] == ["s6", "s7"]


def test_a_repeat_goes_at_once() -> None:
    merge = Merge[str](SUBSCRIBED)
    added(merge, "a", "s", 1, 1)
    merge.give_up_waiting()
    assert merge.release() == ["s1"]
    added(merge, "a", "s", 1, 1)
    assert merge.release() == ["s1"]


def test_records_of_a_session_gone_idle_wait_for_what_follows_them() -> None:
    merge = Merge[str](SUBSCRIBED)
    added(merge, "a", "s", 5, None)
    added(merge, "b", "t", 1, 99)
    assert merge.release() == []
    added(merge, "a", "u", 1, 98)  # so the session went idle at 98 at the latest, and b has been read past that
    assert "s5" in merge.release()


def test_waiting_can_be_given_up() -> None:
    merge = Merge[str](SUBSCRIBED)
    added(merge, "a", "s", 9, 50)
    assert merge.give_up_waiting() == 1
    assert merge.release() == ["s9"]
    assert merge.waiting == 0


def test_a_topic_far_ahead_is_held_back_only_for_one_that_can_catch_up() -> None:
    merge = Merge[str](SUBSCRIBED)
    for number in range(10):
        added(merge, "a", f"s{number}", 2, 100 + number)
    merge.ends({"a": 10, "b": 50}, merge.arrived)
    assert merge.is_ahead("a", most=5)
    assert not merge.is_ahead("a", most=20)
    assert not merge.is_ahead("b", most=0)
    merge.read_to("b", 50)  # its end: there is nothing to catch up with
    assert not merge.is_ahead("a", most=5)
