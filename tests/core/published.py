"""Records held against what is published of them: the model and the JSON Schema of their topic."""

from pathlib import Path

import orjson
from jsonschema import Draft202012Validator

from tests.core.events import Out
from topics.catalogue import CATALOGUE

SCHEMAS = Path(__file__).parents[2] / "topics" / "schemas" / "json"
MODELS = {spec.name: spec.model for spec in CATALOGUE if spec.model is not None}
VALIDATORS = {
    name: Draft202012Validator(orjson.loads((SCHEMAS / f"{name}.schema.json").read_bytes())) for name in MODELS
}


def check_published(out: Out) -> None:
    """Raises where the record is not of its topic's model, or not valid against its schema."""
    MODELS[out.topic].model_validate_json(out.raw.value or b"")
    VALIDATORS[out.topic].validate(out.value)
