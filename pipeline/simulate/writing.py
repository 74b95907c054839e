"""Outputs written out, from `response.output_item.added` to `.done`.

Each writer is a generator with one stop: before it, all that opens the output and its deltas; after it, what finishes
it. So a server that goes on to the next output before it has finished the last one can be played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipeline.simulate import timing
from pipeline.simulate.account import Item
from pipeline.simulate.model import Json
from pipeline.simulate.outputs import ApprovalAsked, Called, McpCalled, Other, Output, Said
from pipeline.simulate.talk import Talk

Writer = Iterator[None]


@dataclass(slots=True)
class Frame:
    """Where outputs stand: their response, and when it is cut off.

    `cut_after`: deltas until the response breaks off, None where it does not; `cut_at`: the time at which it does;
    `on_cut` is called there, and `broken` set. `in_talk`: whether its items become part of the conversation.
    `told_at_end`, `retold_at_end`: items whose text `response.done` is the first to tell, or tells in other words.
    `afterwards`: what happens once the response is over.
    """

    response_id: str
    in_talk: bool = True
    cut_after: int | None = None
    cut_at: int | None = None
    broken: bool = False
    on_cut: Callable[[], None] | None = None
    spoken_to: bool = False
    items: list[Item] = field(default_factory=list[Item])
    output: list[Json] = field(default_factory=list[Json])
    told_at_end: list[Item] = field(default_factory=list[Item])
    retold_at_end: list[Item] = field(default_factory=list[Item])
    afterwards: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])

    def breaks_off(self, words: int, of: int, now: int) -> bool:
        """Whether it does so behind this many words of a part, at this time."""
        if self.cut_at is not None:
            return now >= self.cut_at
        return self.cut_after is not None and words >= min(self.cut_after, of - 1)


def write(talk: Talk, frame: Frame, output: Output) -> Writer:
    """The writer of one output."""
    match output:
        case Said():
            return _said(talk, frame, output)
        case Called():
            return _called(talk, frame, output)
        case McpCalled():
            return _mcp_called(talk, frame, output)
        case ApprovalAsked():
            return _approval_asked(talk, frame, output)
        case Other():
            return _other(talk, frame, output)


def _start(
    talk: Talk, frame: Frame, item: Item, opening: Json, *, status: str | None, conversation: Json | None = None
) -> int:
    """`output_item.added` and the item's opening in the conversation. Returns the index told for the item."""
    xai = talk.dialect.envelope == "xai"
    # xAI says 0 for every item of a response and means nothing by it.
    index = 0 if xai else len(frame.items)
    item.final["response_id"] = frame.response_id
    if not xai:
        item.final["output_index"] = index
    frame.items.append(item)
    body = talk.wire.item(item.item_type, item.item_id, status, opening)
    talk.wait(timing.SERVER_STEP)
    talk.say(
        "response.output_item.added",
        {"response_id": frame.response_id, "output_index": index, "item": body},
        lambda: talk.account.opened(item, True),
    )
    if frame.in_talk:
        told = talk.wire.item(item.item_type, item.item_id, status, opening if conversation is None else conversation)
        talk.open(item, told, in_progress=True, predecessor_told=not xai or item.item_type == "message")
    else:
        item.final |= {"previous_item_id": None, "previous_item_source": None}
    return index


def _end(talk: Talk, frame: Frame, item: Item, index: int, body: Json, done: Json | None = None) -> None:
    """`item.done`, then `output_item.done` (whose item is `done`); `response.done` will repeat `body`."""
    talk.wait(timing.AT_ONCE)
    if frame.in_talk:
        _item_done(talk, item, body)
    _output_done(talk, frame, item, index, body if done is None else done)
    frame.output.append(body)


def _item_done(talk: Talk, item: Item, body: Json) -> None:
    # Servers name the predecessor here for some items and say null for others that have one all the same.
    predecessor = item.final["previous_item_id"] if talk.chance(0.4) else None
    talk.item_done(item, body, predecessor)


def _output_done(talk: Talk, frame: Frame, item: Item, index: int, body: Json) -> None:
    talk.say(
        "response.output_item.done",
        {"response_id": frame.response_id, "output_index": index, "item": body},
        lambda: talk.account.finished(item, "output_item_done"),
    )


def _said(talk: Talk, frame: Frame, said: Said) -> Writer:
    item = talk.new_item("message", _of_message(said.phase if talk.phases else None))
    # xAI leaves `content` out of the response's events and has it in the conversation's.
    bare = talk.dialect.output_done == "none"
    phase: Json = {"phase": said.phase} if talk.phases else {}
    whole: Json = {"role": "assistant", "content": [], **phase}
    opening: Json = {"role": "assistant"} if bare else whole
    output_index = _start(talk, frame, item, opening, status="in_progress", conversation=whole)
    heard: list[tuple[str, str]] = []
    for index, (kind, text) in enumerate(said.parts):
        where: Json = {
            "response_id": frame.response_id,
            "item_id": item.item_id,
            "output_index": output_index,
            "content_index": index,
        }
        words = _part_words(talk, frame, where, kind, text, said.silent)
        heard.append((kind, words))
        last = frame.broken or index == len(said.parts) - 1
        if last:
            yield
        _part_done(talk, where, kind, words, said)
        if last:
            break
    status = "incomplete" if frame.broken else "completed"
    kinds = {"text" if kind == "output_text" else "audio" for kind, _ in heard}
    item.final |= {
        "status": status,
        "text": "\n".join(text for _, text in heard),
        "modality": kinds.pop() if len(kinds) == 1 else "mixed",
        "interrupted": frame.broken and frame.spoken_to,
        **{f"parts.{index}.type": kind for index, (kind, _) in enumerate(heard)},
    }
    content = [] if said.thin else [talk.wire.content(kind, text) for kind, text in heard]
    body = talk.wire.item("message", item.item_id, status, {**whole, "content": content})
    done = talk.wire.item("message", item.item_id, status, {"role": "assistant"}) if bare else body
    _end(talk, frame, item, output_index, body, done)
    if bare:
        (frame.told_at_end if said.silent else frame.retold_at_end).append(item)


def _of_message(phase: str | None) -> Json:
    return {
        "role": "assistant",
        "origin": "model",
        "transcript": None,
        "speech": None,
        "heard_ms": None,
        "metadata": None,
        "phase": phase,
    }


def _part_words(talk: Talk, frame: Frame, where: Json, kind: str, text: str, silent: bool) -> str:
    """A content part's beginning and deltas; returns as much of its text as was said before a cut."""
    names = talk.dialect.names
    spoken = kind == "output_audio"
    words_event = _words_event(talk, kind) + ".delta"
    sound_event = names["audio"] + ".delta"
    talk.put(talk.wire.part_event("response.content_part.added", where, kind, ""))
    words = text.split(" ")
    said = ""
    for count, word in enumerate(words):
        piece = word if count == 0 else " " + word
        said += piece
        talk.wait(timing.TOKEN)
        if not silent:
            talk.put(talk.wire.spoken_words(words_event, where, piece))
        if spoken:
            talk.wait(timing.SOUND)
            talk.put(talk.wire.sound(sound_event, where, talk.now))
        if frame.breaks_off(count, len(words), talk.now):
            frame.broken = True
            if frame.on_cut is not None:
                talk.wait(timing.SERVER_STEP)
                frame.on_cut()
            break
    return said


def _part_done(talk: Talk, where: Json, kind: str, words: str, said: Said) -> None:
    """What ends a content part, in the dialect's order."""
    talk.wait(timing.SERVER_STEP)
    spoken = kind == "output_audio"
    words_done = (_words_event(talk, kind) + ".done", {**where, "transcript" if spoken else "text": words})
    sound_done = (talk.dialect.names["audio"] + ".done", dict(where))
    bare = talk.dialect.output_done == "none"
    if spoken and not bare:
        talk.say(*sound_done)
    if not said.silent and said.thin != "part":
        talk.say(*words_done)
    told = "" if said.thin == "words" else words
    talk.put(talk.wire.part_event("response.content_part.done", where, kind, told))
    if spoken and bare:
        talk.say(*sound_done)


def _words_event(talk: Talk, kind: str) -> str:
    names = talk.dialect.names
    return names["audio"] + "_transcript" if kind == "output_audio" else names["text"]


def _called(talk: Talk, frame: Frame, called: Called) -> Writer:
    call_id = called.call_id or talk.dialect.ids.call(talk.rng)
    declared = None if talk.attached_late else any(tool.name == called.name for tool in talk.tools)
    final: Json = {
        "status": "completed",
        "call_id": call_id,
        "name": called.name,
        "arguments_raw": called.arguments,
        "arguments": called.parsed,
        "declared": declared,
    }
    item = talk.new_item("function_call", final, call_id)
    xai = talk.dialect.envelope == "xai"

    def fields(arguments: str, role: str) -> Json:
        if xai:
            return {"role": role, "call_id": call_id, "name": called.name, "arguments": arguments}
        return {"name": called.name, "call_id": call_id, "arguments": arguments}

    index = _start(talk, frame, item, fields("", "user"), status="in_progress", conversation=fields("", "tool"))
    where: Json = {"response_id": frame.response_id, "item_id": item.item_id}
    place: Json = {"output_index": index}
    of_call = {"call_id": call_id}
    _arguments(talk, "response.function_call_arguments", where | ({} if xai else place) | of_call, called.arguments)
    yield
    talk.wait(timing.SERVER_STEP)
    named = {"name": called.name, "arguments": called.arguments}
    talk.say("response.function_call_arguments.done", where | place | of_call | named)
    item.arguments_done_at = talk.now
    told = "" if called.thin else called.arguments
    _end(
        talk,
        frame,
        item,
        index,
        talk.wire.item("function_call", item.item_id, "completed", fields(told, "user")),
    )


def _arguments(talk: Talk, prefix: str, where: Json, arguments: str) -> None:
    for start in range(0, len(arguments), 5):
        talk.wait(timing.TOKEN)
        talk.put(talk.wire.delta(prefix + ".delta", where, arguments[start : start + 5]))


def _mcp_called(talk: Talk, frame: Frame, called: McpCalled) -> Writer:
    final: Json = {
        "server_label": called.server,
        "name": called.name,
        "arguments_raw": called.arguments,
        "arguments": called.parsed,
        "output_raw": called.output,
        "outcome": "failed" if called.error is not None else "succeeded",
        "approval_request_id": called.approval,
    }
    if isinstance(called.error, dict):
        final |= {"error.message": called.error["message"], "error.type": called.error["type"]}
    elif called.error is None:
        final["error"] = None
    item = talk.new_item("mcp_call", final)

    def body(arguments: str, output: str | None, error: Json | str | None) -> Json:
        named: Json = {"server_label": called.server, "name": called.name, "arguments": arguments}
        told: Json = {"approval_request_id": called.approval, "output": output, "error": error}
        return talk.wire.item("mcp_call", item.item_id, None, named | told)

    opening = body("", None, None)
    fields = {name: value for name, value in opening.items() if name not in ("id", "object", "type", "status")}
    index = _start(talk, frame, item, fields, status=None)
    where: Json = {"response_id": frame.response_id, "item_id": item.item_id, "output_index": index}
    _arguments(talk, "response.mcp_call_arguments", where, called.arguments)
    yield
    talk.wait(timing.SERVER_STEP)
    talk.say("response.mcp_call_arguments.done", {**where, "arguments": called.arguments})
    whole = body(called.arguments, called.output, called.error)

    def run() -> None:
        running: Json = {"output_index": index, "item_id": item.item_id}
        talk.wait(timing.SERVER_STEP)
        talk.say("response.mcp_call.in_progress", dict(running))
        began = talk.now
        talk.wait(timing.MCP_RUN)
        ended = "completed" if called.error is None else "failed"
        talk.say("response.mcp_call." + ended, dict(running), lambda: talk.account.perhaps_changed(item))
        item.final["duration_ms"] = talk.now - began

    if not called.afterwards:
        run()
        _end(talk, frame, item, index, whole)
        return
    unfinished = body(called.arguments, None, None)
    _output_done(talk, frame, item, index, unfinished)
    frame.output.append(unfinished)

    def later() -> None:
        run()
        # It came out without its outcome before.
        talk.say(
            "conversation.item.done",
            {"previous_item_id": None, "item": whole},
            lambda: talk.account.changed(item, "item_done", {}),
        )

    frame.afterwards.append(later)


def _approval_asked(talk: Talk, frame: Frame, asked: ApprovalAsked) -> Writer:
    final: Json = {
        "server_label": asked.server,
        "name": asked.name,
        "arguments_raw": asked.arguments,
        "arguments": asked.parsed,
    }
    item = talk.new_item("mcp_approval_request", final)
    fields: Json = {"server_label": asked.server, "name": asked.name, "arguments": asked.arguments}
    index = _start(talk, frame, item, fields, status=None)
    yield
    _end(talk, frame, item, index, talk.wire.item("mcp_approval_request", item.item_id, None, fields))


def _other(talk: Talk, frame: Frame, other: Other) -> Writer:
    item = talk.new_item(other.item_type, {"status": "completed", "metadata": None})
    index = _start(talk, frame, item, other.opening, status="in_progress")
    yield
    talk.wait(timing.MCP_RUN)
    _end(talk, frame, item, index, talk.wire.item(other.item_type, item.item_id, "completed", other.fields))
