"""Fields of function calls and their outputs, and how they find each other."""

from typing import Any

import pytest

from tests.core.events import Json, Talk, call, output, respond


def called(arguments: Any, talk: Talk | None = None) -> Json:
    item = {**call("c", "call_1"), "arguments": arguments}
    (out,) = (talk or Talk()).say("conversation.item.done", item=item)
    return out.value


def test_call_id_and_name_are_verbatim() -> None:
    record = called("{}")
    assert (record["call_id"], record["name"]) == ("call_1", "weather")


def test_arguments_are_there_verbatim_and_parsed() -> None:
    record = called('{"city": "Oslo"}')
    assert (record["arguments_raw"], record["arguments"]) == ('{"city": "Oslo"}', {"city": "Oslo"})
    assert record["warnings"] == []


@pytest.mark.parametrize("raw", ['{"city": "Os', "Oslo", '{"a": NaN}', "[" * 2000])
def test_arguments_that_are_no_json(raw: str) -> None:
    record = called(raw)
    assert (record["arguments_raw"], record["arguments"], record["warnings"]) == (raw, None, ["arguments_not_json"])


def test_arguments_of_other_json_are_parsed_all_the_same() -> None:
    assert called("[1, 2]")["arguments"] == [1, 2]
    assert called("null")["warnings"] == []


def test_arguments_told_by_their_own_event_fill_in() -> None:
    talk = Talk()
    talk.say("response.function_call_arguments.done", item_id="c", arguments='{"a":1}')
    assert called("", talk)["arguments"] == {"a": 1}


@pytest.mark.parametrize(
    ("session", "declared"),
    [
        ({"tools": [{"type": "function", "name": "weather"}]}, True),
        ({"tools": [{"type": "function", "function": {"name": "weather"}}]}, True),
        ({"tools": [{"type": "function", "name": "clock"}]}, False),
        ({"tools": []}, False),
        ({"tools": None}, None),
        ({}, None),
    ],
)
def test_declared_says_whether_the_session_lists_the_tool(session: Json, declared: bool | None) -> None:
    talk = Talk()
    talk.say("session.updated", session=session)
    assert called("{}", talk)["declared"] is declared


def test_an_output_after_its_call_has_the_calls_name_item_and_time() -> None:
    talk = Talk()
    respond(talk, "r", call("c", "call_1"))
    talk.say("conversation.item.added", item=output("o", "call_1"))
    talk.say("conversation.item.done", item=output("o", "call_1"))
    record = talk.item("o")
    assert (record["call_id"], record["name"], record["call_item_id"], record["orphan"]) == (
        "call_1",
        "weather",
        "c",
        False,
    )
    assert (record["output_raw"], record["output"]) == ('{"degrees":3}', {"degrees": 3})
    assert record["latency_ms"] == 3000  # call's item.done, output_item.done, response.done, added


def test_latency_runs_from_the_arguments() -> None:
    talk = Talk()
    talk.say("response.output_item.added", response_id="r", output_index=0, item=call("c", "call_1", ""))
    talk.say("response.function_call_arguments.done", item_id="c", call_id="call_1", arguments="{}")
    talk.say("conversation.item.done", item=call("c", "call_1"))
    talk.say("conversation.item.added", item=output("o", "call_1"), after_ms=250)
    talk.say("conversation.item.done", item=output("o", "call_1"))
    assert talk.item("o")["latency_ms"] == 1250


def test_latency_runs_by_the_collectors_clock() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=call("c", "call_1"), headers={"ce_time": "2026-05-01T10:00:00Z"})
    talk.say("conversation.item.added", item=output("o", "call_1"), headers={"ce_time": "2026-05-01T10:00:00.750Z"})
    (out,) = talk.say("conversation.item.done", item=output("o", "call_1"))
    assert out["latency_ms"] == 750


def test_an_output_before_its_call_is_an_orphan_until_the_call_comes() -> None:
    talk = Talk()
    (alone,) = talk.say("conversation.item.done", item=output("o", "call_1"))
    assert (alone["orphan"], alone["name"], alone["call_item_id"]) == (True, None, None)
    outs = talk.say("conversation.item.done", item=call("c", "call_1"))
    assert sorted((out["item_id"], out["revision"], out["cause"]) for out in outs) == [
        ("c", 1, "item_done"),
        ("o", 2, "joined"),
    ]
    assert (talk.item("o")["orphan"], talk.item("o")["name"], talk.item("o")["call_item_id"]) == (False, "weather", "c")


def test_a_call_that_is_opened_before_its_name_is_known_joins_when_it_is() -> None:
    talk = Talk()
    nameless = {"id": "c", "type": "function_call", "call_id": "call_1", "status": "in_progress"}
    talk.say("conversation.item.added", item=nameless)
    (out,) = talk.say("conversation.item.done", item=output("o", "call_1"))
    assert (out["orphan"], out["name"], out["call_item_id"]) == (False, None, "c")
    talk.say("conversation.item.done", item=call("c", "call_1"))
    assert talk.item("o")["name"] == "weather"


def test_an_output_of_an_unknown_call_is_an_orphan() -> None:
    talk = Talk()
    respond(talk, "r", call("c", "call_1"))
    (out,) = talk.say("conversation.item.done", item=output("o", "call_2"))
    assert (out["orphan"], out["latency_ms"]) == (True, None)


def test_several_outputs_may_wait_for_one_call() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=output("o1", "call_1"))
    talk.say("conversation.item.done", item=output("o2", "call_1"))
    talk.say("conversation.item.done", item=call("c", "call_1"))
    assert [talk.item(name)["orphan"] for name in ("o1", "o2")] == [False, False]


def test_an_output_that_is_no_json() -> None:
    (out,) = Talk().say("conversation.item.done", item=output("o", "call_1", "it rains"))
    assert (out["output_raw"], out["output"]) == ("it rains", None)


def test_calls_of_another_session_are_not_joined() -> None:
    one = Talk("one")
    respond(one, "r", call("c", "call_1"))
    (out,) = Talk("two", one.partition).say("conversation.item.done", item=output("o", "call_1"))
    assert out["orphan"] is True
