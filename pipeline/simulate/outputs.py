"""What a response is made of: messages, calls, MCP calls, approval requests, items of other kinds. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.simulate.model import Json


@dataclass(frozen=True, slots=True)
class Said:
    """A message: parts of kind `output_text` or `output_audio`.

    `silent`: its words come in `response.done` alone. `thin`: the finishing item has no content; its words come in
    `….text.done` and the like (`words`) or in `content_part.done` (`part`) alone. `phase`: told by models that do.
    """

    parts: tuple[tuple[str, str], ...]
    silent: bool = False
    thin: Literal["", "words", "part"] = ""
    phase: str = "final_answer"


@dataclass(frozen=True, slots=True)
class Called:
    """A function call.

    `call_id` is given where something referred to it before. `thin`: the finishing item has no arguments; only
    `response.function_call_arguments.done` told them.
    """

    name: str
    arguments: str
    parsed: object
    call_id: str | None = None
    thin: bool = False


@dataclass(frozen=True, slots=True)
class McpCalled:
    """A call of a remote tool, with its output or its error (an object or a string).

    `afterwards`: the tool runs when the response is over, and the item is done only then.
    """

    server: str
    name: str
    arguments: str
    parsed: object
    output: str | None
    error: Json | str | None
    approval: str | None = None
    afterwards: bool = False


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
