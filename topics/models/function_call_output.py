"""Record of `{prefix}.items.function-call-outputs`: the result of a function call."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from topics.models.common import ItemRecord


class FunctionCallOutput(ItemRecord):
    """The result the client gave for a function call, joined with the call.

    Read one with `FunctionCallOutput.model_validate_json(record.value)`.
    """

    call_id: str | None = Field(description="Joins the output with its call, verbatim.")
    name: str | None = Field(description="Name of the function, from the call; null while no such call was seen.")
    call_item_id: str | None = Field(description="Item id of the call; null while no such call was seen.")
    output_raw: str | None = Field(description="The output as the client gave it, verbatim.")
    output: Any = Field(description="The output parsed as JSON, of any type; null where it does not parse.")
    latency_ms: int | None = Field(
        description="Time from the call's arguments being done to the output's being opened, in ms, by the "
        "collector's clock; null where one of them was not seen."
    )
    orphan: bool = Field(description="True while no call with this `call_id` was seen in the session.")
