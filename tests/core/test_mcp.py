"""Fields of the records about MCP servers."""

from typing import Any

import pytest

from tests.core.events import Json, Talk


def mcp(**more: Any) -> Json:
    call = {"id": "m", "type": "mcp_call", "server_label": "docs", "name": "search", "arguments": '{"q":"x"}'}
    return {**call, "approval_request_id": None, **more}


def done(item: Json, talk: Talk | None = None) -> Json:
    (out,) = (talk or Talk()).say("conversation.item.done", item=item)
    return out.value


def test_a_call_that_succeeded() -> None:
    record = done(mcp(output='{"hits":2}', error=None, approval_request_id="ask"))
    assert (record["server_label"], record["name"], record["approval_request_id"]) == ("docs", "search", "ask")
    assert (record["arguments_raw"], record["arguments"]) == ('{"q":"x"}', {"q": "x"})
    assert (record["output_raw"], record["output"]) == ('{"hits":2}', {"hits": 2})
    assert (record["outcome"], record["error"]) == ("succeeded", None)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (
            {"type": "http_error", "code": 503, "message": "down"},
            {"type": "http_error", "code": 503, "message": "down"},
        ),
        ({"type": "tool_execution_error"}, {"type": "tool_execution_error", "code": None, "message": None}),
        ("it broke", {"type": None, "code": None, "message": "it broke"}),
    ],
)
def test_a_call_that_failed(told: object, error: Json) -> None:
    record = done(mcp(output="partial", error=told))
    assert (record["outcome"], record["error"]) == ("failed", error)


@pytest.mark.parametrize("item", [mcp(), mcp(output=None, error=None), mcp(output=None, error={})])
def test_a_call_of_unknown_outcome(item: Json) -> None:
    assert done(item)["outcome"] == "unknown"


@pytest.mark.parametrize(("event", "outcome"), [("completed", "succeeded"), ("failed", "failed")])
def test_the_calls_own_event_tells_the_outcome_where_the_item_does_not(event: str, outcome: str) -> None:
    talk = Talk()
    talk.say(f"response.mcp_call.{event}", item_id="m")
    assert done(mcp(), talk)["outcome"] == outcome


def test_duration_runs_from_start_to_end() -> None:
    talk = Talk()
    talk.say("response.mcp_call.in_progress", item_id="m")
    talk.say("response.mcp_call.completed", item_id="m", after_ms=420)
    assert done(mcp(output="x"), talk)["duration_ms"] == 420


def test_duration_is_null_where_the_start_was_not_seen() -> None:
    talk = Talk()
    talk.say("response.mcp_call.completed", item_id="m")
    assert done(mcp(output="x"), talk)["duration_ms"] is None


def test_arguments_of_their_own_event_fill_in() -> None:
    talk = Talk()
    talk.say("response.mcp_call_arguments.done", item_id="m", arguments='{"q":"y"}')
    assert done(mcp(arguments=""), talk)["arguments"] == {"q": "y"}


def test_arguments_that_are_no_json_are_warned_of() -> None:
    assert done(mcp(arguments="{"))["warnings"] == ["arguments_not_json"]


TOOLS = [{"name": "search", "input_schema": {"type": "object"}}, {"name": "fetch"}]


def test_a_tool_list() -> None:
    record = done({"id": "l", "type": "mcp_list_tools", "server_label": "docs", "tools": TOOLS})
    assert (record["server_label"], record["tools"]) == ("docs", TOOLS)
    assert (record["tool_names"], record["outcome"]) == (["search", "fetch"], "succeeded")


def test_a_tool_list_that_failed() -> None:
    talk = Talk()
    talk.say("mcp_list_tools.failed", item_id="l")
    record = done({"id": "l", "type": "mcp_list_tools", "server_label": "docs", "tools": []}, talk)
    assert (record["tool_names"], record["outcome"]) == ([], "failed")


def test_a_tool_list_with_an_error_failed() -> None:
    record = done({"id": "l", "type": "mcp_list_tools", "server_label": "docs", "tools": [], "error": "no"})
    assert record["outcome"] == "failed"


def test_a_tool_list_of_unknown_outcome() -> None:
    assert done({"id": "l", "type": "mcp_list_tools", "tools": None})["outcome"] == "unknown"


ASK = {"id": "ask", "type": "mcp_approval_request", "server_label": "docs", "name": "search", "arguments": '{"q":1}'}


def reply(**more: Any) -> Json:
    told = {"id": "reply", "type": "mcp_approval_response", "approval_request_id": "ask", "approve": True}
    return {**told, "reason": None, **more}


def test_an_approval_request() -> None:
    record = done(ASK)
    assert (record["server_label"], record["name"]) == ("docs", "search")
    assert (record["arguments_raw"], record["arguments"]) == ('{"q":1}', {"q": 1})


def test_an_approval_response_is_joined_with_its_request() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=ASK)
    talk.say("conversation.item.added", item=reply(), after_ms=600)
    talk.say("conversation.item.done", item=reply(reason="fine"))
    record = talk.item("reply")
    assert (record["approval_request_id"], record["approve"], record["reason"]) == ("ask", True, "fine")
    assert (record["server_label"], record["name"], record["latency_ms"]) == ("docs", "search", 600)


def test_an_approval_response_before_its_request_is_joined_when_that_comes() -> None:
    talk = Talk()
    (alone,) = talk.say("conversation.item.done", item=reply(approve=False))
    assert (alone["approve"], alone["name"]) == (False, None)
    talk.say("conversation.item.done", item=ASK)
    assert talk.revisions("reply") == [(1, "item_done"), (2, "joined")]
    assert (talk.item("reply")["name"], talk.item("reply")["server_label"]) == ("search", "docs")


def test_events_after_the_item_revise_it() -> None:
    talk = Talk()
    done(mcp(), talk)
    talk.say("response.mcp_call.failed", item_id="m")
    assert (talk.item("m")["outcome"], talk.item("m")["revision"]) == ("failed", 2)
