"""What the client and remote servers do about tools: outputs of calls, tool lists, answers to approval requests."""

from __future__ import annotations

import json
from typing import Any

from pipeline.simulate import timing
from pipeline.simulate.account import Item
from pipeline.simulate.model import Json
from pipeline.simulate.outputs import Called
from pipeline.simulate.talk import Talk
from pipeline.simulate.words import MCP_SERVERS, MCP_TOOLS, NOT_JSON_ARGUMENTS, PLACES, TOOLS, UNDECLARED_TOOL, Tool


def arguments_of(talk: Talk, names: tuple[str, ...]) -> tuple[str, Any]:
    """Arguments as a model writes them, and what they parse to: compact, spaced out, or not JSON at all (None)."""
    if talk.chance(0.08):
        return talk.rng.choice(NOT_JSON_ARGUMENTS), None
    value: Json = {name: talk.rng.choice(PLACES) for name in names}
    if talk.chance(0.3):
        value["count"] = talk.rng.randint(1, 9)
    if talk.chance(0.5):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")), value
    return json.dumps(value, ensure_ascii=False, indent=2) + " \n", value


def call(talk: Talk) -> tuple[Called, Tool]:
    """A call the model may make; now and then of a function the session never declared."""
    tool = UNDECLARED_TOOL if talk.chance(0.05) else talk.rng.choice(TOOLS)
    arguments, parsed = arguments_of(talk, tool.properties)
    return Called(tool.name, arguments, parsed), tool


def result_of(talk: Talk, tool: Tool) -> tuple[str, Any]:
    """A function's output, as JSON or as plain text, and what it parses to (None where it is no JSON)."""
    if talk.chance(0.6):
        return json.dumps(tool.json_result, ensure_ascii=False), tool.json_result
    return tool.plain_result, None


def function_output(talk: Talk, call_id: str, output: tuple[str, Any], call_item: Item | None) -> Item:
    """The client gives a call's output; `call_item` is None where no such call was made."""
    text, parsed = output
    talk.wait(timing.TOOL_RUN)
    final: Json = {"call_id": call_id, "output_raw": text, "output": parsed, "response_id": None, "output_index": None}
    if call_item is not None and call_item.arguments_done_at is not None:
        final["latency_ms"] = talk.now - call_item.arguments_done_at
    item = talk.new_item("function_call_output", final, call_id)
    fields: Json = {"call_id": call_id, "output": text}
    status = None
    if talk.dialect.envelope == "xai":
        status, fields = "completed", {"role": "tool", **fields}
    talk.add_client_item(item, talk.wire.item("function_call_output", item.item_id, status, fields))
    return item


def list_tools(talk: Talk, succeeds: bool) -> Item:
    """A remote server tells its tools, or fails to."""
    server = talk.rng.choice(MCP_SERVERS)
    tools = [
        {"name": name, "description": "", "input_schema": {"type": "object"}, "annotations": None}
        for name in MCP_TOOLS
        if succeeds
    ]
    final: Json = {
        "server_label": server,
        "tools": tools,
        "tool_names": [tool["name"] for tool in tools],
        "outcome": "succeeded" if succeeds else "failed",
    }
    item = talk.new_item("mcp_list_tools", final)
    predecessor = talk.last_item
    opening = talk.wire.item("mcp_list_tools", item.item_id, None, {"server_label": server, "tools": []})
    talk.open(item, opening, in_progress=True)
    talk.say("mcp_list_tools.in_progress", {"item_id": item.item_id})
    talk.wait(timing.MCP_RUN)
    talk.say("mcp_list_tools." + ("completed" if succeeds else "failed"), {"item_id": item.item_id})
    body = talk.wire.item("mcp_list_tools", item.item_id, None, {"server_label": server, "tools": tools})
    talk.item_done(item, body, predecessor)
    return item


def approve(talk: Talk, request: Item, granted: bool) -> Item:
    """The client answers an approval request."""
    talk.wait(timing.PERSON_PAUSE)
    reason = None if granted else "Not without asking the customer."
    final: Json = {
        "approval_request_id": request.item_id,
        "approve": granted,
        "reason": reason,
        "server_label": request.final["server_label"],
        "name": request.final["name"],
        "response_id": None,
    }
    item = talk.new_item("mcp_approval_response", final)
    fields: Json = {"approval_request_id": request.item_id, "approve": granted, "reason": reason}
    talk.add_client_item(item, talk.wire.item("mcp_approval_response", item.item_id, None, fields))
    return item
