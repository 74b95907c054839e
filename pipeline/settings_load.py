"""Reads the settings from flags, environment and TOML file, and remembers where each came from."""

import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from pipeline.errors import UsageError
from pipeline.settings import DEFAULT_SOURCE, ENV_PREFIX, Settings, flag_of, variable_of

CONFIG_VARIABLE = "ITEMSTREAM_CONFIG"
CONFIG_FILE = "itemstream.toml"

# Variables with the prefix that are no settings.
OTHER_VARIABLES = {CONFIG_VARIABLE, "ITEMSTREAM_CACHE_DIR", "ITEMSTREAM_RECORDINGS", "ITEMSTREAM_CONSOLE_TOKEN"}


def load_settings(flags: Mapping[str, Any] | None = None, config: Path | None = None) -> Settings:
    """The settings in force.

    flags: what was given on the command line, by setting name; None counts as not given.
    config: the TOML file (`--config`); else `ITEMSTREAM_CONFIG`, else `itemstream.toml` in the working folder if there.

    Raises UsageError naming every wrong setting and where it came from.
    """
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    file = _config_file(config)
    # From the weakest to the strongest.
    for source, values in (
        (str(file), _from_toml(file) if file else {}),
        ("environment", EnvSettingsSource(Settings)()),
        ("flag", {name: value for name, value in (flags or {}).items() if value is not None}),
    ):
        merged |= values
        sources |= {name: _source_name(source, name) for name in values}
    try:
        settings = Settings(**merged)
    except ValidationError as wrong:
        raise UsageError(_explain(wrong, sources)) from wrong
    settings._sources.update(sources)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return settings


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that look like settings and are none: typing errors, most likely. Each with the closest setting's."""
    known = {variable_of(name) for name in Settings.model_fields} | OTHER_VARIABLES
    return [
        f"{variable} is set but is no setting{_closest(name, Settings.model_fields, variable_of)}"
        for variable in sorted(environment)
        if variable.upper().startswith(ENV_PREFIX) and variable.upper() not in known
        for name in [variable[len(ENV_PREFIX) :].lower()]
    ]


def _config_file(config: Path | None) -> Path | None:
    named = config or (Path(value) if (value := os.environ.get(CONFIG_VARIABLE)) else None)
    if named is None:
        default = Path.cwd() / CONFIG_FILE
        return default if default.is_file() else None
    if not named.is_file():
        told_by = "--config" if config else CONFIG_VARIABLE
        raise UsageError(f"{told_by}: there is no settings file {named}")
    return named


def _from_toml(file: Path) -> dict[str, Any]:
    try:
        raw = TomlConfigSettingsSource(Settings, toml_file=file)()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise UsageError(f"{file} is not valid TOML: {wrong}") from wrong
    except OSError as wrong:
        raise UsageError(f"{file} can't be read: {wrong.strerror}") from wrong
    values = {name.replace("-", "_"): value for name, value in raw.items()}
    if unknown := [name for name in values if name not in Settings.model_fields]:
        raise UsageError(f"{file}: unknown setting {_with_suggestion(unknown[0], Settings.model_fields)}")
    return values


def _with_suggestion(name: str, known: Iterable[str]) -> str:
    return f"{name!r}{_closest(name, known)}"


def _closest(name: str, known: Iterable[str], shown: Callable[[str], str] = repr) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {shown(close[0])}?" if close else "; `itemstream settings` lists what there is"


def _source_name(source: str, name: str) -> str:
    return {"flag": flag_of(name), "environment": variable_of(name)}.get(source, source)


def _explain(wrong: ValidationError, sources: Mapping[str, str]) -> str:
    return "; ".join(
        f"setting {name} = {_shown(error['input'])} (from {sources.get(name, DEFAULT_SOURCE)}): {error['msg']}"
        for error in wrong.errors(include_url=False)
        for name in [str(error["loc"][0])]
    )


def _shown(value: object) -> str:
    return repr(value)[:100]
