"""What every answer has in common."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Base of everything in here: immutable, nothing unknown, every field told of as required in an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Problem(Model):
    """An error, RFC 9457."""

    # Members that say nothing are left out.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="One line: what is wrong and what to do.")
    field: str | None = Field(None, description="The parameter or field of the body that is wrong.")


class Health(Model):
    """Whether the console works."""

    status: Literal["ok", "not_ready"]
    problems: list[str]
