"""Turns of conversations: what happens between a person, a model and its tools, in no provider's words.

`SCENARIOS` holds each with its weight; a dialect takes part in those whose feature it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.simulate import client, speech, timing, tools
from pipeline.simulate.answers import answer, respond
from pipeline.simulate.model import Json
from pipeline.simulate.outputs import ApprovalAsked, McpCalled, Other, Said
from pipeline.simulate.talk import Talk
from pipeline.simulate.words import EXCHANGES, MCP_SERVERS, MCP_TOOLS, NOTES

_PLANS = tuple(speech.PLANS)
_PLAN_WEIGHTS = tuple(speech.PLANS.values())


def _exchange(talk: Talk) -> tuple[str, str]:
    exchange = talk.rng.choice(EXCHANGES)
    return talk.fill(exchange.question), talk.fill(exchange.answer)


def _plan(talk: Talk) -> str:
    return talk.rng.choices(_PLANS, _PLAN_WEIGHTS)[0]


def _ask(talk: Talk, question: str) -> None:
    talk.wait(timing.PERSON_PAUSE)
    if talk.spoken and talk.chance(0.8):
        speech.say_aloud(talk, question, _plan(talk))
    else:
        client.message(talk, "user", [("input_text", question)])


def written_turn(talk: Talk) -> None:
    question, reply = _exchange(talk)
    talk.wait(timing.PERSON_PAUSE)
    client.message(talk, "user", [("input_text", question)])
    respond(talk, [answer(talk, reply)])


def spoken_turn(talk: Talk) -> None:
    question, reply = _exchange(talk)
    talk.wait(timing.PERSON_PAUSE)
    speech.say_aloud(talk, question, _plan(talk))
    respond(talk, [answer(talk, reply)])


def two_speakers(talk: Talk) -> None:
    """Two people speak one after the other; the second one's transcript comes first."""
    for plan in ("late", "soon"):
        talk.wait(timing.PERSON_PAUSE)
        speech.say_aloud(talk, _exchange(talk)[0], plan)
    respond(talk, [answer(talk, _exchange(talk)[1])])


def history(talk: Talk) -> None:
    """The client puts an earlier conversation in, then asks."""
    client.message(talk, "system", [("input_text", talk.rng.choice(NOTES))])
    for _ in range(talk.rng.randint(1, 2)):
        question, reply = _exchange(talk)
        client.message(talk, "user", [("input_text", question)])
        client.message(talk, "assistant", [("output_text", reply)])
    written_turn(talk)


def function_call(talk: Talk) -> None:
    """One call, or several at once, and the answer once their outputs are in."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    calls = [tools.call(talk) for _ in range(talk.rng.choice((1, 1, 1, 2, 3)))]
    said = (
        [replace(answer(talk, "Let me look."), phase="commentary")] if talk.chance(0.5 if talk.phases else 0.2) else []
    )
    items = respond(talk, [*said, *(called for called, _ in calls)])
    for item, (_, tool) in list(zip(items[len(said) :], calls, strict=True))[:: talk.rng.choice((1, -1))]:
        tools.function_output(talk, item.final["call_id"], tools.result_of(talk, tool), item)
    respond(talk, [answer(talk, reply)])


def orphan_output(talk: Talk) -> None:
    """An output of a call nobody has seen; the call may yet come."""
    call_id = talk.dialect.ids.call(talk.rng)
    called, tool = tools.call(talk)
    tools.function_output(talk, call_id, tools.result_of(talk, tool), None)
    question, reply = _exchange(talk)
    _ask(talk, question)
    if talk.chance(0.4):
        respond(talk, [replace(called, call_id=call_id)])
    else:
        respond(talk, [answer(talk, reply)])


def interruption(talk: Talk) -> None:
    """The person speaks into the answer; what they did not hear may be cut from it."""
    _ask(talk, _exchange(talk)[0])
    begun: list[speech.Utterance] = []
    items = respond(
        talk,
        [answer(talk, _exchange(talk)[1])],
        ending="spoken_to",
        on_cut=lambda: begun.append(speech.begin(talk)),
    )
    if talk.spoken and talk.chance(0.7):
        client.truncate(talk, items[0])
    question, reply = _exchange(talk)
    speech.finish(talk, begun[0], question, _plan(talk))
    respond(talk, [answer(talk, reply)])


def played_over(talk: Talk) -> None:
    """The answer is whole, but the person speaks while it is still being played: it is truncated afterwards."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    items = respond(talk, [Said((("output_audio", reply),))])
    talk.wait(timing.SERVER_STEP)
    utterance = speech.begin(talk)
    client.truncate(talk, items[0])
    question, reply = _exchange(talk)
    speech.finish(talk, utterance, question, _plan(talk))
    respond(talk, [answer(talk, reply)])


def broken_off(talk: Talk) -> None:
    """A response the client cancels, or one that grows too long, or one that fails before it says anything."""
    ending = talk.rng.choice(("client_cancelled", "too_long", "failed"))
    question, reply = _exchange(talk)
    _ask(talk, question)
    respond(talk, [] if ending == "failed" else [answer(talk, reply)], ending=ending)


def deletion(talk: Talk) -> None:
    """The client deletes what the person wrote or said (its transcript may still come), or what the model answered."""
    question, reply = _exchange(talk)
    talk.wait(timing.PERSON_PAUSE)
    spoken = talk.chance(0.4)
    if spoken:
        asked = speech.say_aloud(talk, question, _plan(talk))
    else:
        asked = client.message(talk, "user", [("input_text", question)])
    items = respond(talk, [answer(talk, reply)])
    client.delete(talk, talk.rng.choice((asked, items[0])))


def out_of_band(talk: Talk) -> None:
    """A response that is no part of the conversation."""
    written_turn(talk)
    aside = Said((("output_text", '{"mood": "calm", "resolved": true}'),))
    respond(talk, [aside], out_of_band=True, modalities=["text"], metadata={"topic": "summary"})


def image(talk: Talk) -> None:
    """A picture, with a question or without."""
    picture = ("input_image", client.image_address(talk))
    question, reply = _exchange(talk)
    talk.wait(timing.PERSON_PAUSE)
    client.message(talk, "user", [("input_text", question), picture] if talk.chance(0.7) else [picture])
    respond(talk, [answer(talk, reply)])


def many_parts(talk: Talk) -> None:
    """A message of several texts."""
    first, reply = _exchange(talk)
    talk.wait(timing.PERSON_PAUSE)
    client.message(talk, "user", [("input_text", first), ("input_text", _exchange(talk)[0])])
    respond(talk, [answer(talk, reply)])


def many_output_parts(talk: Talk) -> None:
    """An answer in two parts, one perhaps written."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    first = answer(talk, reply).parts[0]
    respond(talk, [Said((first, ("output_text", talk.fill(EXCHANGES[0].answer))))])


def silent_answer(talk: Talk) -> None:
    """An answer whose words are told in `response.done` alone (where the dialect's items carry none)."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    parts = answer(talk, reply).parts
    respond(talk, [Said(parts, silent=talk.dialect.output_done == "none")])


def thin_items(talk: Talk) -> None:
    """Items that are finished without their content: only the events before told it."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    called, tool = tools.call(talk)
    item = respond(talk, [replace(called, thin=True)])[0]
    tools.function_output(talk, item.final["call_id"], tools.result_of(talk, tool), item)
    # Where `content_part.done` tells nothing, it cannot be the only one that does.
    told_by_part = talk.dialect.part_done == "full" and talk.chance(0.5)
    respond(talk, [replace(answer(talk, reply), thin="part" if told_by_part else "words")])


def missed_openings(talk: Talk) -> None:
    """The collector lost what opened some items; what comes after still tells of them."""
    written_turn(talk)
    client.message(talk, "user", [("input_text", _exchange(talk)[0])], missed=True)
    speech.say_aloud(talk, _exchange(talk)[0], _plan(talk), missed=True)
    respond(talk, [answer(talk, _exchange(talk)[1])])


def mcp_listing(talk: Talk) -> None:
    tools.list_tools(talk, succeeds=not talk.chance(0.2))


def mcp_call(talk: Talk) -> None:
    """A remote tool is called, with or without leave; it works, or fails with an object or a string for error."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    server, name = talk.rng.choice(MCP_SERVERS), talk.rng.choice(MCP_TOOLS)
    arguments, parsed = tools.arguments_of(talk, ("place",))
    approval: str | None = None
    if talk.chance(0.4):
        request = respond(talk, [ApprovalAsked(server, name, arguments, parsed)])[0]
        approval = request.item_id
        granted = talk.chance(0.7)
        tools.approve(talk, request, granted)
        if not granted:
            respond(talk, [answer(talk, reply)])
            return
    output, error = _mcp_result(talk)
    afterwards = talk.dialect.item_done and talk.chance(0.3)
    called = McpCalled(server, name, arguments, parsed, output, error, approval, afterwards)
    respond(talk, [called])
    respond(talk, [answer(talk, reply)])


def _mcp_result(talk: Talk) -> tuple[str | None, Json | str | None]:
    if talk.chance(0.7):
        return '{"found":3,"items":["a","b","c"]}', None
    if talk.chance(0.3):
        return None, "the server did not answer"
    return None, {"type": "protocol_error", "code": 32600, "message": "The server refused the call."}


def responses_items(talk: Talk) -> None:
    """Items of the Responses API: searches and reasoning before the answer."""
    question, reply = _exchange(talk)
    _ask(talk, question)
    query = talk.fill("{place} {thing}")
    kinds: list[Other] = [
        Other("file_search_call", {"queries": [query]}, {"queries": [query], "results": None}),
        Other(
            "web_search_call",
            {"action": None},
            {"action": {"type": "search", "query": query, "sources": [{"type": "url", "url": "https://example.com"}]}},
        ),
        Other(
            "reasoning",
            {"summary": []},
            {"summary": [{"type": "summary_text", "text": "Look it up."}], "encrypted_content": None},
        ),
        Other("code_interpreter_call", {"code": None}, {"code": "1 + 1", "container_id": "box-1", "outputs": None}),
        Other("custom_tool_call", {"input": ""}, {"call_id": "own-1", "name": "draw", "input": "a circle"}),
    ]
    chosen = talk.rng.sample(kinds, talk.rng.randint(1, 2))
    respond(talk, [*chosen, answer(talk, reply)])


def retrieval(talk: Talk) -> None:
    """The client asks for a spoken answer back."""
    spoken = Said((("output_audio", _exchange(talk)[1]),))
    _ask(talk, _exchange(talk)[0])
    client.retrieve(talk, respond(talk, [spoken])[0])


def noise(talk: Talk) -> None:
    """Events that change nothing: errors, cleared buffers, and a type nobody knows yet."""
    error: Json = {"type": "invalid_request_error", "code": "unknown_parameter", "message": "No such parameter."}
    talk.wait(timing.PERSON_PAUSE)
    talk.say("error", {"error": {**error, "param": "x", "event_id": None}})
    talk.say("input_audio_buffer.cleared", {})
    talk.say("output_audio_buffer.cleared", {"response_id": "resp_none"})
    talk.say("conversation.weather.changed", {"outlook": "fair"})
    talk.ping()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of turn. `feature`: what a dialect must have to take part, None for all."""

    run: Callable[[Talk], None]
    weight: float
    feature: str | None = None


SCENARIOS: dict[str, Scenario] = {
    "written_turn": Scenario(written_turn, 10),
    "spoken_turn": Scenario(spoken_turn, 14),
    "two_speakers": Scenario(two_speakers, 2),
    "history": Scenario(history, 2),
    "function_call": Scenario(function_call, 7),
    "orphan_output": Scenario(orphan_output, 0.6),
    "interruption": Scenario(interruption, 4),
    "played_over": Scenario(played_over, 2),
    "broken_off": Scenario(broken_off, 1.5),
    "deletion": Scenario(deletion, 1),
    "many_parts": Scenario(many_parts, 1),
    "silent_answer": Scenario(silent_answer, 1),
    "noise": Scenario(noise, 1),
    "thin_items": Scenario(thin_items, 0.5),
    "missed_openings": Scenario(missed_openings, 0.4, "item_done"),
    "out_of_band": Scenario(out_of_band, 1, "out_of_band"),
    "image": Scenario(image, 1.5, "images"),
    "many_output_parts": Scenario(many_output_parts, 0.8, "multi_part_output"),
    "mcp_listing": Scenario(mcp_listing, 1.5, "mcp"),
    "mcp_call": Scenario(mcp_call, 3, "mcp"),
    "responses_items": Scenario(responses_items, 3, "responses_items"),
    "retrieval": Scenario(retrieval, 0.6, "retrieve"),
}
"""Every kind of turn and how often it happens among the others."""
