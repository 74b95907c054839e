"""The published contract: a JSON Schema per topic and an AsyncAPI document, generated from the models.

`python -m topics.schemas` writes them anew, with the docs that come from the same source; see `--help`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from topics.catalogue import TopicSpec

FOLDER = Path(__file__).parent


def load_schema(spec: TopicSpec) -> dict[str, Any]:
    """The published JSON Schema of the records of a topic. Raises ValueError for one whose records have none."""
    if spec.model is None:
        raise ValueError(f"{spec.name} has no JSON Schema: its values are not itemstream's own")
    return json.loads((FOLDER / schema_file(spec)).read_text())


def load_example(spec: TopicSpec) -> dict[str, Any]:
    """A record as it may lie on the topic; the one the docs show."""
    return json.loads((FOLDER / "examples" / f"{spec.name}.json").read_text())


def schema_file(spec: TopicSpec) -> str:
    """Path of a topic's JSON Schema, from this folder."""
    return f"json/{spec.name}.schema.json"
