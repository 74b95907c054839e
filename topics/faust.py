"""The topics as Faust topics, typed, for those who write Faust agents (`pip install 'itemstream[faust]'`).

>>> calls = faust_topic(app, FunctionCall)  # doctest: +SKIP
>>> @app.agent(calls)  # doctest: +SKIP
... async def bill(stream):
...     async for call in stream: ...

What Faust promises holds then, not what `subscribe` does: it commits a record whose agent raised.
"""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel

from topics.subscriptions.decode import spec_of
from topics.subscriptions.options import Options


def codec(model: type[BaseModel]) -> Any:
    """A Faust codec: bytes to instances of `model` and back."""
    faust_codec: Any = _faust().Codec
    validate = model.__pydantic_validator__.validate_json

    class ModelCodec(faust_codec):
        def _loads(self, s: bytes) -> Any:
            return validate(s)

        def _dumps(self, obj: Any) -> bytes:
            return cast(BaseModel, obj).model_dump_json().encode()

    return ModelCodec()


def faust_topic(app: Any, model: type[BaseModel], *, prefix: str | None = None, **options: Any) -> Any:
    """The topic of `model`'s records for agents of `app`: they get instances of `model`, with the session id as key.

    prefix: of the topics' names; default `ITEMSTREAM_PREFIX`, else `realtime`. options: those of `app.topic`.
    """
    name = spec_of(model).full_name(Options(prefix=prefix).topic_prefix)
    settings: dict[str, Any] = {"key_type": str, "key_serializer": "raw", "value_serializer": codec(model), **options}
    return app.topic(name, **settings)


def _faust() -> Any:
    try:
        from importlib import import_module

        return import_module("faust")
    except ImportError as error:
        raise ImportError("Faust is not installed: pip install 'itemstream[faust]'") from error
