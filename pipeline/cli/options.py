"""Settings as options of a command: flags, their help and their checking come from `pipeline.settings`."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from pipeline.settings import NO_FLAG, Settings, flag_of, variable_of
from pipeline.settings_load import CONFIG_VARIABLE, load_settings

COMMON = ("bootstrap_servers", "prefix", "group")
ALL = tuple(Settings.model_fields)

_METAVARS = {int: "N", float: "NUMBER"}


def with_settings(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command a parameter `settings: Settings`, and one flag for each of these settings, and `--config`.

    Settings not named can still come from the environment and the TOML file.

        @app.command()
        @with_settings(*COMMON)
        def tail(settings: Settings, count: int = 10) -> None: ...
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(**given: Any) -> Any:
            config: Path | None = given.pop("config")
            flags = {name: given.pop(name) for name in names if name in given}
            return function(settings=load_settings(flags, config), **given)

        signature = inspect.signature(function, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.name != "settings"]
        flags = [
            _parameter(name, Settings.model_fields[name]) for name in names if _has_flag(Settings.model_fields[name])
        ]
        # Typer reads the signature and the annotations: both have to tell of the added flags.
        parameters = [
            *(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own),
            *flags,
            _CONFIG,
        ]
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        del command.__wrapped__  # else Typer looks through to the function's own signature
        return command

    return decorate


def _has_flag(field: FieldInfo) -> bool:
    return field.json_schema_extra != NO_FLAG


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    shown = "" if field.default is None else f" Default: {field.default}."
    # Text whatever the type: the settings check it, and then say what was wrong and where it came from.
    if field.annotation is bool:
        return _keyword(name, Annotated[bool | None, typer.Option(flag_of(name), help=field.description)])
    option = typer.Option(flag_of(name), metavar=_metavar(field.annotation), help=f"{field.description}{shown}")
    return _keyword(name, Annotated[str | None, option])


def _metavar(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation))
    return _METAVARS.get(annotation, "TEXT")


def _keyword(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


_CONFIG = _keyword(
    "config",
    Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help=f"TOML file of settings. Default: ${CONFIG_VARIABLE}, else itemstream.toml in the working folder. "
            f"Every setting is a variable too: {variable_of('prefix')}, ….",
        ),
    ],
)
