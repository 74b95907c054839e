"""What leaves the store, and what never gets into it: erased sessions, old ones, what rules take out."""

from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from pipeline.console.projection.forget import drop_old
from pipeline.console.queries import SessionFilters
from pipeline.console.store import StoreQueries
from pipeline.console.store.schema import metadata
from pipeline.console.store.store import Store, open_store
from pipeline.core.records import Output
from pipeline.ingest.redact import compile_rules
from tests.console.projection.reference import contents, expected, whole
from tests.console.projection.support import Writing, fetched_of, rejected_outputs
from tests.examples.support import simulated

OUTPUTS = simulated("p", 20)
RECORDS = fetched_of(OUTPUTS)
SESSIONS = sorted({(one.key or b"").decode() for one in OUTPUTS})


def erasing(*sessions: str, value: bytes | None = b"{}") -> list[Output]:
    return [Output("p.erased", session.encode(), value, [], 0) for session in sessions]


def test_an_erased_session_leaves_nothing(store: Store) -> None:
    gone = SESSIONS[3:6]
    writing = Writing(store, "p")
    writing.write(RECORDS)
    written = writing.write(fetched_of(erasing(*gone)))
    assert written.changed.forgotten == set(gone)
    assert contents(store) == expected(RECORDS, "p", gone)
    with store.reading() as connection:
        for table in metadata.sorted_tables:
            if table.name != "erased":
                kept = str([tuple(row) for row in connection.execute(table.select())])
                assert [name for name in gone if name in kept] == []
    assert StoreQueries(store).session(gone[0]) is None


def test_nothing_of_it_is_taken_again(store: Store) -> None:
    gone = SESSIONS[3:6]
    Writing(store, "p").write(fetched_of(erasing(*gone)))
    Writing(store, "p").write(RECORDS)  # another process: it knows of them from the store
    assert contents(store) == expected(RECORDS, "p", gone)


def test_in_one_batch_the_list_comes_first(store: Store) -> None:
    gone = SESSIONS[:2]
    Writing(store, "p").write([*RECORDS[:100], *fetched_of(erasing(*gone)), *RECORDS[100:]])
    assert contents(store) == expected(RECORDS, "p", gone)


def test_one_that_was_taken_off_the_list_is_taken(store: Store) -> None:
    writing = Writing(store, "p")
    records = fetched_of([*erasing(*SESSIONS), *erasing(*SESSIONS[1:], value=None), *OUTPUTS])
    for record in records:
        writing.write([record])
    assert contents(store) == expected(RECORDS, "p", SESSIONS[:1])


def test_old_sessions_leave(store: Store) -> None:
    Writing(store, "p").write(RECORDS)
    queries = StoreQueries(store)
    last = [one.session_id for one in queries.sessions(SessionFilters(), None, 200).sessions]
    with store.reading() as connection:
        times = dict(connection.execute(text("SELECT session_id, last_at FROM sessions")).all())  # pyright: ignore
    before = sorted(times.values())[8]
    with store.writing() as connection:
        assert drop_old(connection, store.dialect, before) == 8
        assert drop_old(connection, store.dialect, before) == 0
    store.tidy()
    assert [one.session_id for one in queries.sessions(SessionFilters(), None, 200).sessions] == last[:-8]
    assert contents(store) == expected(RECORDS, "p", [name for name, at in times.items() if at < before])


def test_all_may_leave(store: Store) -> None:
    Writing(store, "p").write(RECORDS)
    with store.writing() as connection:
        while drop_old(connection, store.dialect, 2**50):
            pass
    assert all(not found for found in whole(store).values())


def test_the_room_of_what_left_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(str(path)) as store:
        store.prepare({"prefix": "p"})
        Writing(store, "p").write(RECORDS)
        with store.writing() as connection:
            before = connection.execute(text("PRAGMA page_count")).scalar() or 0
            while drop_old(connection, store.dialect, 2**50):
                pass
        store.tidy()
        with store.reading() as connection:
            assert (connection.execute(text("PRAGMA page_count")).scalar() or 0) < before / 2
    assert b"appointment" not in path.read_bytes()


def failing(record: dict) -> None:
    if record.get("role") == "user":
        raise ValueError(record["text"])


@pytest.mark.parametrize("rule", ["$..text", "$..transcript", "tests.console.projection.test_leaving:failing"])
def test_rules_are_applied_before_anything_is_stored(store: Store, rule: str) -> None:
    spoken = [
        one._replace(value=orjson.dumps({**orjson.loads(one.value or b""), "text": "xyzzy", "preview": "xyzzy"}))
        for one in RECORDS
        if one.topic == "p.items.messages" and orjson.loads(one.value or b"")["role"] == "user"
    ]
    rules = ["$.text", "$.preview", rule] if rule.startswith("$") else [rule]
    Writing(store, "p", compile_rules(rules)).write(spoken)
    queries = StoreQueries(store)
    assert queries.sessions(SessionFilters(q="xyzzy"), None, 10).sessions == []
    with store.reading() as connection:
        for table in metadata.sorted_tables:
            assert "xyzzy" not in str([tuple(row) for row in connection.execute(table.select())])
    found = queries.sessions(SessionFilters(), None, 200).sessions
    assert {one.session_id for one in found} == {(one.key or b"").decode() for one in spoken}


def test_a_rejected_value_that_cannot_be_redacted_stays_out(store: Store) -> None:
    value = b'{"type": "conversation.item.done", not json xyzzy'
    Writing(store, "p", compile_rules(["$..text"])).write(fetched_of(rejected_outputs("p", [value])))
    [one], _ = StoreQueries(store).rejected(None, None, 10)
    assert (one.value, one.mark, one.reason) == ("[redacted]", None, "not_json")
