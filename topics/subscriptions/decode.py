"""From a record's bytes to the model's instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from topics.catalogue import CATALOGUE, TopicSpec
from topics.subscriptions.errors import InvalidRecordError, NewerSchemaError
from topics.subscriptions.received import RawRecord

SCHEMA_VERSION = 1
"""The newest version these models read."""

Decode = Callable[[RawRecord], Any]


def spec_of(model: type[BaseModel]) -> TopicSpec:
    """The topic whose records `model` reads: one of `topics.models`, or a subclass of one."""
    for base in model.__mro__:
        for spec in CATALOGUE:
            if spec.model is base:
                return spec
    known = ", ".join(spec.model.__name__ for spec in CATALOGUE if spec.model is not None)
    raise ValueError(f"{model.__name__} is no record of a topic: subscribe to {known}, or to a subclass of one")


def specs_of(models: Sequence[type[BaseModel]]) -> dict[TopicSpec, type[BaseModel]]:
    """The topics to read and the model each is read with."""
    if not models:
        raise ValueError("nothing to subscribe to: name at least one record type, such as Message")
    specs: dict[TopicSpec, type[BaseModel]] = {}
    for model in models:
        spec = spec_of(model)
        if specs.setdefault(spec, model) is not model:
            raise ValueError(f"{model.__name__} and {specs[spec].__name__} are both records of {spec.name}: name one")
    return specs


def decoder(model: type[BaseModel]) -> Decode:
    """The function that reads records as `model`; it raises InvalidRecordError."""
    validate = model.__pydantic_validator__.validate_json

    def decode(raw: RawRecord) -> Any:
        value = raw.value
        if value is None:
            raise _invalid(model, raw, "it has no value")
        try:
            record: Any = validate(value)
        except ValidationError as error:
            raise _newer_or_invalid(model, raw, error) from error
        if record.schema_version > SCHEMA_VERSION:
            raise _newer(model, raw, record.schema_version)
        return record

    return decode


def raw_value(raw: RawRecord) -> Any:
    """Reads nothing: for topics without a model."""
    return raw.value


def _newer_or_invalid(model: type[BaseModel], raw: RawRecord, error: ValidationError) -> InvalidRecordError:
    from pydantic_core import from_json

    try:
        version: object = from_json(raw.value or b"").get("schema_version")
    except (ValueError, AttributeError):
        version = None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        return _newer(model, raw, version)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return _invalid(model, raw, f"{where}: {first['msg']}" if where else first["msg"])


def _invalid(model: type[BaseModel], raw: RawRecord, why: str) -> InvalidRecordError:
    advice = "on_invalid='skip' passes such records over, 'dead-letter' sets them aside"
    text = f"{_place(raw)} is no {model.__name__}: {why}; {advice}"
    return InvalidRecordError(text, raw.topic, raw.partition, raw.offset)


def _newer(model: type[BaseModel], raw: RawRecord, version: int) -> NewerSchemaError:
    text = (
        f"{_place(raw)} has schema_version {version}, and this itemstream reads {model.__name__} up to version "
        f"{SCHEMA_VERSION}: upgrade it (pip install --upgrade itemstream)"
    )
    return NewerSchemaError(text, raw.topic, raw.partition, raw.offset)


def _place(raw: RawRecord) -> str:
    return f"{raw.topic}[{raw.partition}] offset {raw.offset}"
