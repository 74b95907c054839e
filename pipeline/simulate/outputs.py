"""What a response is made of, written out: messages, calls, MCP calls, approval requests, items of other kinds.

Each writer tells one output item from `response.output_item.added` to `.done` and returns the item as `response.done`
repeats it, with how `response.done` differs from what was told before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.simulate import timing
from pipeline.simulate.account import Item
from pipeline.simulate.model import Json
from pipeline.simulate.talk import Talk


@dataclass(frozen=True, slots=True)
class Said:
    """A message: parts of kind `output_text` or `output_audio`.

    `silent`: its words come in `response.done` alone. `phase`: told by models that do.
    """

    parts: tuple[tuple[str, str], ...]
    silent: bool = False
    phase: str = "final_answer"


@dataclass(frozen=True, slots=True)
class Called:
    """A function call. `call_id` is given where something referred to it before."""

    name: str
    arguments: str
    parsed: object
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class McpCalled:
    """A call of a remote tool, with its output or its error (an object or a string)."""

    server: str
    name: str
    arguments: str
    parsed: object
    output: str | None
    error: Json | str | None
    approval: str | None = None


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """The server asks whether it may call a remote tool."""

    server: str
    name: str
    arguments: str
    parsed: object


@dataclass(frozen=True, slots=True)
class Other:
    """An item of a type of the Responses API."""

    item_type: str
    opening: Json
    fields: Json


Output = Said | Called | McpCalled | ApprovalAsked | Other


@dataclass(slots=True)
class Frame:
    """Where outputs stand: their response, and when it is cut off.

    `cut_after`: deltas until the response breaks off, None where it does not; `on_cut` is called there. `in_talk`:
    whether its items become part of the conversation.
    """

    response_id: str
    in_talk: bool = True
    cut_after: int | None = None
    on_cut: Callable[[], None] | None = None
    spoken_to: bool = False
    output: list[Json] = field(default_factory=list[Json])
    items: list[Item] = field(default_factory=list[Item])
    told_at_end: list[Item] = field(default_factory=list[Item])
    retold_at_end: list[Item] = field(default_factory=list[Item])


def write(talk: Talk, frame: Frame, output: Output) -> Item:
    """Tells one output; its item is added to the frame."""
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
) -> str | None:
    """`output_item.added` and the item's opening in the conversation. Returns the true predecessor."""
    predecessor = talk.last_item if frame.in_talk else None
    xai = talk.dialect.envelope == "xai"
    item.final["response_id"] = frame.response_id
    if not xai:
        # xAI says 0 for every item of a response and means nothing by it.
        item.final["output_index"] = len(frame.items)
    body = talk.wire.item(item.item_type, item.item_id, status, opening)
    talk.wait(timing.SERVER_STEP)
    talk.say("response.output_item.added", _item_event(talk, frame, body), lambda: _seen(talk, item))
    if frame.in_talk:
        told = talk.wire.item(item.item_type, item.item_id, status, opening if conversation is None else conversation)
        talk.open(item, told, in_progress=True, predecessor_told=not xai or item.item_type == "message")
    else:
        item.final |= {"previous_item_id": None, "previous_item_source": None}
    return predecessor


def _seen(talk: Talk, item: Item) -> None:
    talk.account.opened(item, True)


def _item_event(talk: Talk, frame: Frame, body: Json) -> Json:
    index = 0 if talk.dialect.envelope == "xai" else len(frame.items)
    if talk.dialect.envelope == "xai":
        return {"item": body, "response_id": frame.response_id, "output_index": index}
    return {"response_id": frame.response_id, "output_index": index, "item": body}


def _end(talk: Talk, frame: Frame, item: Item, body: Json, done: Json, predecessor: str | None) -> None:
    """`item.done`, then `output_item.done` (whose item is `done`); `response.done` will repeat `body`."""
    talk.wait(timing.AT_ONCE)
    if frame.in_talk:
        talk.item_done(item, body, predecessor)
    talk.say("response.output_item.done", _item_event(talk, frame, done), lambda: talk.account.finished(item))
    frame.items.append(item)
    frame.output.append(body)


def _said(talk: Talk, frame: Frame, said: Said) -> Item:
    final: Json = {
        "role": "assistant",
        "origin": "model",
        "transcript": None,
        "speech": None,
        "heard_ms": None,
        "interrupted": False,
        "status": "completed",
        "metadata": None,
        "phase": said.phase if talk.phases else None,
    }
    item = talk.new_item("message", final)
    phase: Json = {"phase": said.phase} if talk.phases else {}
    # xAI leaves `content` out of the response's events and has it in the conversation's.
    bare = talk.dialect.output_done == "none"
    whole: Json = {"role": "assistant", "content": [], **phase}
    opening: Json = {"role": "assistant"} if bare else whole
    predecessor = _start(talk, frame, item, opening, status="in_progress", conversation=whole)
    heard: list[tuple[str, str]] = []
    for index, (kind, text) in enumerate(said.parts):
        where: Json = {
            "response_id": frame.response_id,
            "item_id": item.item_id,
            "output_index": len(frame.items) if not bare else 0,
            "content_index": index,
        }
        heard.append((kind, _part(talk, frame, where, kind, text, said.silent)))
        if frame.spoken_to:
            break
    cut = frame.cut_after is not None
    status = "incomplete" if cut else "completed"
    kinds = {"text" if kind == "output_text" else "audio" for kind, _ in heard}
    item.final |= {
        "status": status,
        "text": "\n".join(text for _, text in heard),
        "modality": kinds.pop() if len(kinds) == 1 else "mixed",
        "interrupted": frame.spoken_to,
        **{f"parts.{index}.type": kind for index, (kind, _) in enumerate(heard)},
    }
    content = [talk.wire.content(kind, text) for kind, text in heard]
    body = talk.wire.item("message", item.item_id, status, {**whole, "content": content})
    done = talk.wire.item("message", item.item_id, status, {"role": "assistant"}) if bare else body
    text_only = all(kind == "output_text" for kind, _ in heard)
    _end(talk, frame, item, body, done, predecessor if text_only else None)
    if bare:
        (frame.told_at_end if said.silent else frame.retold_at_end).append(item)
    return item


def _part(talk: Talk, frame: Frame, where: Json, kind: str, text: str, silent: bool) -> str:
    """One content part; returns as much of its text as was said before a cut."""
    names = talk.dialect.names
    spoken = kind == "output_audio"
    prefix = names["audio"] + "_transcript" if spoken else names["text"]
    talk.put(talk.wire.part_event("response.content_part.added", where, kind, ""))
    words = text.split(" ")
    said = ""
    for count, word in enumerate(words):
        piece = word if count == 0 else " " + word
        said += piece
        talk.wait(timing.TOKEN)
        if not silent:
            talk.put(talk.wire.spoken_words(prefix + ".delta", where, piece))
        if spoken:
            talk.wait(timing.SOUND)
            talk.put(talk.wire.sound(names["audio"] + ".delta", where, talk.now))
        if frame.cut_after is not None and count >= min(frame.cut_after, len(words) - 1):
            if frame.on_cut is not None:
                talk.wait(timing.SERVER_STEP)
                frame.on_cut()
            break
    talk.wait(timing.SERVER_STEP)
    text_key = "transcript" if spoken else "text"
    text_done = (prefix + ".done", {**where, text_key: said})
    sound_done = (names["audio"] + ".done", dict(where))
    if talk.dialect.output_done == "none":
        if not silent:
            talk.say(*text_done)
        talk.put(talk.wire.part_event("response.content_part.done", where, kind, said))
        talk.say(*sound_done)
        return said
    if spoken:
        talk.say(*sound_done)
    talk.say(*text_done)
    talk.put(talk.wire.part_event("response.content_part.done", where, kind, said))
    return said


def _called(talk: Talk, frame: Frame, called: Called) -> Item:
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

    _start(talk, frame, item, fields("", "user"), status="in_progress", conversation=fields("", "tool"))
    where: Json = {"response_id": frame.response_id, "item_id": item.item_id}
    index: Json = {"output_index": 0 if xai else len(frame.items)}
    of_call = {"call_id": call_id}
    _arguments(talk, "response.function_call_arguments", where | ({} if xai else index) | of_call, called.arguments)
    named = {"name": called.name, "arguments": called.arguments}
    talk.say("response.function_call_arguments.done", where | index | of_call | named)
    item.arguments_done_at = talk.now
    body = talk.wire.item("function_call", item.item_id, "completed", fields(called.arguments, "user"))
    _end(talk, frame, item, body, body, None)
    return item


def _arguments(talk: Talk, prefix: str, where: Json, arguments: str) -> None:
    for start in range(0, len(arguments), 5):
        talk.wait(timing.TOKEN)
        talk.put(talk.wire.delta(prefix + ".delta", where, arguments[start : start + 5]))
    talk.wait(timing.SERVER_STEP)


def _mcp_called(talk: Talk, frame: Frame, called: McpCalled) -> Item:
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
        final["error.message"] = called.error["message"]
        final["error.type"] = called.error["type"]
    elif called.error is None:
        final["error"] = None
    item = talk.new_item("mcp_call", final)

    def fields(arguments: str, output: str | None, error: Json | str | None) -> Json:
        return {
            "server_label": called.server,
            "name": called.name,
            "arguments": arguments,
            "approval_request_id": called.approval,
            "output": output,
            "error": error,
        }

    _start(talk, frame, item, fields("", None, None), status=None)
    where: Json = {"response_id": frame.response_id, "item_id": item.item_id, "output_index": len(frame.items)}
    _arguments(talk, "response.mcp_call_arguments", where, called.arguments)
    talk.say("response.mcp_call_arguments.done", {**where, "arguments": called.arguments})
    running: Json = {"output_index": len(frame.items), "item_id": item.item_id}
    talk.wait(timing.SERVER_STEP)
    talk.say("response.mcp_call.in_progress", dict(running))
    began = talk.now
    talk.wait(timing.MCP_RUN)
    talk.say("response.mcp_call." + ("completed" if called.error is None else "failed"), dict(running))
    item.final["duration_ms"] = talk.now - began
    body = talk.wire.item("mcp_call", item.item_id, None, fields(called.arguments, called.output, called.error))
    _end(talk, frame, item, body, body, None)
    return item


def _approval_asked(talk: Talk, frame: Frame, asked: ApprovalAsked) -> Item:
    final: Json = {
        "server_label": asked.server,
        "name": asked.name,
        "arguments_raw": asked.arguments,
        "arguments": asked.parsed,
    }
    item = talk.new_item("mcp_approval_request", final)
    fields: Json = {"server_label": asked.server, "name": asked.name, "arguments": asked.arguments}
    _start(talk, frame, item, fields, status=None)
    body = talk.wire.item("mcp_approval_request", item.item_id, None, fields)
    _end(talk, frame, item, body, body, None)
    return item


def _other(talk: Talk, frame: Frame, other: Other) -> Item:
    item = talk.new_item(other.item_type, {"status": "completed", "metadata": None})
    _start(talk, frame, item, other.opening, status="in_progress")
    talk.wait(timing.MCP_RUN)
    body = talk.wire.item(other.item_type, item.item_id, "completed", other.fields)
    _end(talk, frame, item, body, body, None)
    return item
