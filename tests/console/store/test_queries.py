"""What the API asks, of both databases: filled with what the core makes of simulated sessions."""

import pytest

from pipeline.console.projection.facts import moment
from pipeline.console.queries import BadCursorError, Filters, SessionFilters
from pipeline.console.store import StoreQueries
from pipeline.console.store.store import Store
from tests.console.projection.reference import expected
from tests.console.projection.support import Writing, fetched_of
from tests.examples.support import simulated

RECORDS = fetched_of(simulated("p", 40))
HELD = expected(RECORDS, "p")


@pytest.fixture
def queries(store: Store) -> StoreQueries:
    Writing(store, "p").write(RECORDS)
    return StoreQueries(store)


def pages(queries: StoreQueries, filters: SessionFilters, limit: int) -> list[str]:
    """Session ids of all pages."""
    found: list[str] = []
    cursor = None
    while True:
        page = queries.sessions(filters, cursor, limit)
        assert len(page.sessions) <= limit
        found += [one.session_id for one in page.sessions]
        if (cursor := page.next_cursor) is None:
            return found


def test_list(queries: StoreQueries) -> None:
    whole = queries.sessions(SessionFilters(), None, 200).sessions
    assert {one.session_id for one in whole} == HELD["counts"].keys()
    assert [one.last_at for one in whole] == sorted((one.last_at or "" for one in whole), reverse=True)
    in_order = [one.session_id for one in whole]
    assert pages(queries, SessionFilters(), 7) == in_order
    for one in whole:
        assert one.items == HELD["counts"][one.session_id]["items"]
        assert set(one.tools) == {tool for session, tool in HELD["tools"] if session == one.session_id}
    facets = queries.facets()
    for provider in facets.providers:
        filters = SessionFilters(provider=provider)
        assert pages(queries, filters, 3) == [one.session_id for one in whole if one.provider == provider]
    for tool in facets.tools:
        meant = [one.session_id for one in whole if tool in one.tools]
        assert meant
        assert pages(queries, SessionFilters(tool=tool), 3) == meant
    failed = [
        name for name, count in HELD["counts"].items()
        if count.keys() & {"tool_failures", "failed_responses", "failed_transcripts"}
    ]  # fmt: skip
    assert sorted(pages(queries, SessionFilters(error=True), 5)) == sorted(failed)
    cut = [one.session_id for one in whole if one.interrupted and one.tenant == facets.tenants[0]]
    assert pages(queries, SessionFilters(interrupted=True, tenant=facets.tenants[0]), 5) == cut


def test_times(queries: StoreQueries) -> None:
    whole = queries.sessions(SessionFilters(), None, 200).sessions
    middle = whole[len(whole) // 2]
    at = moment(middle.first_at) or 0
    found = pages(queries, SessionFilters(from_ms=at, to_ms=at + 1), 4)
    meant = [one.session_id for one in whole if (moment(one.first_at) or 0) <= at <= (moment(one.last_at) or 0)]
    assert middle.session_id in found
    assert found == meant


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_search(queries: StoreQueries, limit: int) -> None:
    found = pages(queries, SessionFilters(q="appointment"), limit)
    said = {key[0] for key, (*_, value) in HELD["records"].items() if b"appointment" in value.lower()}
    assert found
    assert len(found) == len(set(found))
    assert set(found) <= said
    page = queries.sessions(SessionFilters(q="APPOINTMENT"), None, 50)
    for one in page.sessions:
        assert one.snippet
        assert {part.text.lower() for part in one.snippet if part.match} == {"appointment"}
    assert pages(queries, SessionFilters(q='"appointment nowhere"'), limit) == []
    assert pages(queries, SessionFilters(q="appointment -appointment"), limit) == []
    assert pages(queries, SessionFilters(q="appoin*"), limit) == found
    assert pages(queries, SessionFilters(q="-appointment"), limit) == []
    some = queries.sessions(SessionFilters(q="appointment", tenant="harbour"), None, 50).sessions
    assert {one.tenant for one in some} == {"harbour"}


HOSTILE = (
    *('"', "*", "a*b", "NOT", "(", "a AND", "' OR 1=1", "a:b", "\\", "^x", "-", '""', "\x00", "🙂", "a'b", "NEAR(a b)"),
    *("\x01", "\ud7ff", "a" * 5000, "a " * 5000, "AND OR NOT", "{a}", "a&|!<->b", ":*"),
)


def test_whatever_is_typed(queries: StoreQueries) -> None:
    for typed in HOSTILE:
        queries.sessions(SessionFilters(q=typed), None, 50)


def test_conversation(queries: StoreQueries) -> None:
    for name, count in list(HELD["counts"].items())[:15]:
        detail = queries.session(name)
        timeline = queries.timeline(name, 0, 1000)
        assert detail is not None
        assert timeline is not None
        assert detail.total_entries == timeline.total == len(timeline.entries)
        assert timeline.total == count["items"] + count.get("responses", 0)
        assert [one.position for one in timeline.entries] == list(range(timeline.total))
        place = {one.id: one.position for one in timeline.entries if one.kind == "item"}
        for one in timeline.entries:
            before = one.record.get("previous_item_id")
            assert before not in place or place[before] < one.position
            if one.kind == "response" and one.record["item_ids"] and one.record["item_ids"][-1] in place:
                assert place[one.record["item_ids"][-1]] < one.position
        in_pages = [entry for at in range(0, timeline.total, 3) for entry in queries.timeline(name, at, 3).entries]  # pyright: ignore
        assert in_pages == timeline.entries
        last = timeline.entries[-1]
        assert queries.entries(name, [(last.kind, last.id), ("item", "none")]) == [last]
        told = queries.revisions(name, timeline.entries[0].id)
        assert [one.record.get("revision", 1) for one in told] == list(range(1, timeline.entries[0].revisions + 1))
    assert queries.session("none") is None
    assert queries.timeline("none", 0, 10) is None
    assert queries.revisions("none", "none") == []
    assert queries.summaries(["none"]) == []


def test_tools(queries: StoreQueries) -> None:
    found = queries.tools(Filters())
    assert sum(one.calls for one in found.tools) == len(HELD["calls"]) == sum(one.calls for one in found.series)
    assert sum(one.failed for one in found.tools) == sum(failed for *_, failed in HELD["calls"].values())
    for one in found.tools:
        assert one.answered + one.unanswered == one.calls
        assert (one.p50_ms or 0) <= (one.p95_ms or 0) <= (one.max_ms or 0)
    facets = queries.facets()
    by_tenant = [queries.tools(Filters(tenant=tenant)) for tenant in facets.tenants]
    assert 0 < sum(one.calls for found in by_tenant for one in found.tools) <= len(HELD["calls"])


@pytest.mark.parametrize("by", [[], ["day"], ["tenant"], ["day", "tenant"]])
def test_usage(queries: StoreQueries, by: list) -> None:
    found = queries.usage(Filters(), by)
    assert sum(one.total_tokens for one in found) == sum(one.get("total_tokens", 0) for one in HELD["usage"].values())
    assert sum(one.responses for one in found) == sum(one["responses"] for one in HELD["usage"].values())
    assert len({(one.day, one.tenant, one.model) for one in found}) == len(found)
    assert all((one.day is not None) == ("day" in by) for one in found)


def test_cursors(queries: StoreQueries) -> None:
    first = queries.sessions(SessionFilters(), None, 3).next_cursor
    assert first is not None
    for wrong in ("", "x", "ü", first + "AAAA", "W10", "WzFd" * 3):
        with pytest.raises(BadCursorError):
            queries.sessions(SessionFilters(), wrong, 3)
    with pytest.raises(BadCursorError):
        queries.rejected(None, first, 3)
