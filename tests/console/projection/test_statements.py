"""What a batch costs does not grow with the store: nothing of a batch goes through a whole table."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from pipeline.console.store.store import open_store
from tests.console.projection.support import Writing, fetched_of
from tests.examples.support import simulated

GROWING = ("sessions", "session_tools", "entries", "records", "texts", "calls")
SCANS = tuple(f"SCAN {table}" for table in GROWING)


@contextmanager
def statements() -> Generator[dict[str, Any]]:
    """Statements that are executed meanwhile, with values of each."""
    found: dict[str, Any] = {}

    def executed(_connection: Any, _cursor: Any, words: str, values: Any, _context: Any, many: bool) -> None:
        found[words] = values[0] if many else values

    event.listen(Engine, "before_cursor_execute", executed)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", executed)


def test_no_statement_of_a_batch_goes_through_a_whole_table(tmp_path: Path) -> None:
    records = fetched_of(simulated("p", 40))
    half = [one for one in records if b'"revision":1,' in (one.value or b"")]
    with open_store(str(tmp_path / "store.db")) as store:
        store.prepare({"prefix": "p"})
        writing = Writing(store, "p")
        writing.write(half)
        again = [one._replace(offset=one.offset + 10**6) for one in records]  # known sessions, and revisions of items
        with statements() as found:
            writing.write(again)
        plans: dict[str, list[str]] = {}
        with store.writing() as connection:
            for words, values in found.items():
                if words.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
                    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", values)
                    plans[words] = [row[3] for row in plan]
    assert len(plans) > 10
    assert not {words: step for words, plan in plans.items() for step in plan if step.startswith(SCANS)}
