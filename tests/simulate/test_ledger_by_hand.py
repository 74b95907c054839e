"""The ledger against a second, much simpler reading of the same events: what can be told without following order."""

from typing import Any

import orjson
import pytest

from pipeline.simulate import DIALECTS, SimulatedSession, sessions

Event = dict[str, Any]
TRANSCRIPTION = "conversation.item.input_audio_transcription."


def events(session: SimulatedSession) -> list[Event]:
    return [orjson.loads(event.value or b"") for event in session.events]


def items(session: SimulatedSession) -> dict[str, dict[str, Any]]:
    return {one.item_id: one.final for one in session.expected if one.item_id is not None}


@pytest.fixture(scope="module", params=list(DIALECTS))
def played(request: pytest.FixtureRequest) -> list[SimulatedSession]:
    return list(sessions("by hand", 60, [request.param]))


def test_every_item_ever_opened_is_in_the_ledger_and_nothing_else(played: list[SimulatedSession]) -> None:
    for session in played:
        told = {event["item"]["id"]: event["item"]["type"] for event in events(session) if "item" in event}
        assert told == {item_id: final["item_type"] for item_id, final in items(session).items()}


def test_every_response_is_in_the_ledger_once(played: list[SimulatedSession]) -> None:
    for session in played:
        done = [event["response"]["id"] for event in events(session) if event["type"] == "response.done"]
        assert done == [one.response_id for one in session.expected if one.response_id is not None]


def test_texts_are_those_of_the_last_telling(played: list[SimulatedSession]) -> None:
    for session in played:
        finals = items(session)
        for event in events(session):
            whole = event["type"] in ("conversation.item.done", "response.output_item.done", "response.done")
            told = event.get("response", {}).get("output", []) or [event.get("item", {})]
            for item in told if whole else []:
                parts = item.get("content") or []
                words = [part.get("text") or part.get("transcript") for part in parts]
                if item.get("role") == "assistant" and any(words):
                    assert finals[item["id"]]["text"] == "\n".join(word for word in words if word)


def test_transcripts_are_the_last_ones(played: list[SimulatedSession]) -> None:
    for session in played:
        last: dict[str, Event] = {}
        for event in events(session):
            ended = event["type"] in (TRANSCRIPTION + "completed", TRANSCRIPTION + "failed")
            if ended and event.get("status") != "in_progress":
                last[event["item_id"]] = event
        for item_id, final in items(session).items():
            if item_id in last:
                event = last[item_id]
                state = "failed" if event["type"].endswith("failed") else "final"
                assert final["transcript.state"] == state
                assert final.get("transcript.text") == event.get("transcript")
            elif "transcript.state" in final:
                assert final["transcript.state"] in ("pending", "disabled")


def test_joins_name_the_call(played: list[SimulatedSession]) -> None:
    for session in played:
        finals = items(session)
        calls = {
            final["call_id"]: (item_id, final["name"])
            for item_id, final in finals.items()
            if final["item_type"] == "function_call"
        }
        for final in finals.values():
            if final["item_type"] == "function_call_output":
                joined = calls.get(final["call_id"], (None, None))
                assert (final["call_item_id"], final["name"]) == joined
                assert final["orphan"] is (joined == (None, None))
                assert final.get("latency_ms", 0) >= 0


def test_deleted_and_truncated_are_marked(played: list[SimulatedSession]) -> None:
    for session in played:
        said = events(session)
        deleted = {event["item_id"] for event in said if event["type"] == "conversation.item.deleted"}
        heard = {e["item_id"]: e["audio_end_ms"] for e in said if e["type"] == "conversation.item.truncated"}
        for item_id, final in items(session).items():
            assert final["deleted"] is (item_id in deleted)
            if final["item_type"] == "message":
                assert final["heard_ms"] == heard.get(item_id)
                assert final["interrupted"] or item_id not in heard


def test_usage_adds_up(played: list[SimulatedSession]) -> None:
    for session in played:
        for event in events(session):
            usage = (event.get("response") or {}).get("usage") or event.get("usage")
            if event["type"] == "response.done" and usage:
                assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
                details = usage["input_token_details"]
                counted = details["text_tokens"] + details["audio_tokens"] + details.get("image_tokens", 0)
                assert counted == usage["input_tokens"]


def test_every_item_comes_out_at_least_once(played: list[SimulatedSession]) -> None:
    for session in played:
        assert all(1 <= one.revisions[0] <= one.revisions[1] for one in session.expected)


def test_the_kinds_of_transcripts_all_occur(played: list[SimulatedSession]) -> None:
    states = {final.get("transcript.state") for session in played for final in items(session).values()}
    assert {"final", "failed", "pending", "disabled"} <= states
    empty = [final for session in played for final in items(session).values() if final.get("transcript.text") == ""]
    assert empty
