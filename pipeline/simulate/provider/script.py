"""What the stand-in's people say and its model answers, drawn from the simulator's lines. It understands nothing.

A turn with tools begins with one call, whatever was asked; its answer follows the call's output.
"""

from __future__ import annotations

from typing import Any, cast

import orjson

from pipeline.simulate.model import Json
from pipeline.simulate.outputs import Called, Output, Said
from pipeline.simulate.talk import Talk
from pipeline.simulate.words import EXCHANGES, PLACES, Tool

_LONGEST_ECHO = 200


class Script:
    """Remembers who had the last word."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._answer: str | None = None
        self._result: str | None = None
        self._called = False

    def question(self) -> str:
        """What the person says aloud this time."""
        exchange = self._talk.rng.choice(EXCHANGES)
        self._answer = self._talk.fill(exchange.answer)
        self._called = False
        return self._talk.fill(exchange.question)

    def asked(self, text: str) -> None:
        """The client wrote what the person says."""
        exchange = next((one for one in EXCHANGES if one.question == text), None)
        self._answer = None if exchange is None else self._talk.fill(exchange.answer)
        self._called = False

    def returned(self, output: str) -> None:
        """The client gave a call's output."""
        self._result = output

    def outputs(self, modalities: list[str], tools: list[Json], choice: Any) -> list[Output]:
        """What the model does now."""
        functions = [named for tool in tools if (named := _function(tool)).get("name")]
        if functions and choice != "none" and self._result is None and not self._called:
            wanted = _function(cast(Json, choice)).get("name") if isinstance(choice, dict) else None
            chosen = next((one for one in functions if one["name"] == wanted), functions[0])
            self._called = True
            value = _example(self._talk, chosen.get("parameters"))
            return [Called(chosen["name"], orjson.dumps(value).decode(), value)]
        text = self._reply()
        return [Said((("output_audio" if "audio" in modalities else "output_text", text),))]

    def _reply(self) -> str:
        if self._result is not None:
            text = "I looked it up: " + self._result[:_LONGEST_ECHO]
        else:
            text = self._answer or self._talk.fill(self._talk.rng.choice(EXCHANGES).answer)
        self._result = self._answer = None
        return text


def declared(tools: list[Json]) -> tuple[Tool, ...]:
    """The functions a client declared."""
    return tuple(Tool(named["name"], "", (), {}, "") for one in tools if (named := _function(one)).get("name"))


def _function(tool: Json) -> Json:
    """A function as declared: flat, or nested as in Chat Completions."""
    nested = tool.get("function")
    if isinstance(nested, dict):
        return cast(Json, nested)
    return tool if tool.get("type") == "function" else {}


def _example(talk: Talk, schema: Any) -> Any:
    """A value that fits a JSON Schema, as far as a tool's parameters usually go."""
    told: Json = cast(Json, schema) if isinstance(schema, dict) else {"type": "object"}
    for name in ("const", "default"):
        if name in told:
            return told[name]
    if options := told.get("enum") or told.get("examples"):
        return options[0]
    for name in ("anyOf", "oneOf", "allOf"):
        if told.get(name):
            return _example(talk, told[name][0])
    kind: Any = told.get("type")
    match cast(list[Any], kind)[0] if isinstance(kind, list) else kind:
        case "string":
            return talk.rng.choice(PLACES)
        case "integer":
            return max(talk.rng.randint(2, 9), int(told.get("minimum", 0)))
        case "number":
            return max(talk.rng.randint(2, 90) / 2, float(told.get("minimum", 0)))
        case "boolean":
            return True
        case "null":
            return None
        case "array":
            return [_example(talk, told.get("items"))] if told.get("minItems") else []
        case _:
            properties: Json = told.get("properties") or {}
            required: list[str] = told.get("required") or []
            return {name: _example(talk, properties.get(name, {"type": "string"})) for name in required}
