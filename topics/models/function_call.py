"""Record of `{prefix}.items.function-calls`: a function call the model made."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from topics.models.common import ItemRecord


class FunctionCall(ItemRecord):
    """A call of a function that the client is to carry out.

    Read one with `FunctionCall.model_validate_json(record.value)`.
    """

    call_id: str | None = Field(description="Joins the call with its output, verbatim.")
    name: str | None = Field(description="The function's name, verbatim.", examples=["get_weather"])
    arguments_raw: str | None = Field(description="The arguments as the model wrote them, verbatim.")
    arguments: Any = Field(
        description="The arguments parsed as JSON, of any type; null where they do not parse (then `warnings` has "
        "`arguments_not_json`)."
    )
    declared: bool | None = Field(
        description="Whether the session lists a tool of that name; null where its tools are not known."
    )
