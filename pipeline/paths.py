"""Where things are kept for this user: XDG's folders, one variable overrides the cache."""

import os
from pathlib import Path


def _xdg(variable: str, fallback: str) -> Path:
    # The XDG base directory specification: a relative path in one of its variables counts as not set.
    value = Path(os.environ.get(variable, ""))
    return value if value.is_absolute() else Path.home() / fallback


def cache_dir() -> Path:
    """Downloads that can be fetched again: `ITEMSTREAM_CACHE_DIR`, else `$XDG_CACHE_HOME/itemstream`."""
    override = os.environ.get("ITEMSTREAM_CACHE_DIR")
    return Path(override).expanduser().absolute() if override else _xdg("XDG_CACHE_HOME", ".cache") / "itemstream"


def data_dir() -> Path:
    """What is kept: `$XDG_DATA_HOME/itemstream`."""
    return _xdg("XDG_DATA_HOME", ".local/share") / "itemstream"
