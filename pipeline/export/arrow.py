"""pyarrow, imported when Parquet is wanted and not before: it is an extra."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from pipeline.errors import ItemstreamError


class Arrow(NamedTuple):
    """pyarrow and what is used of its submodules. It has no types of its own, hence Any."""

    pa: Any
    compute: Any
    parquet: Any


def arrow() -> Arrow:
    """Raises ItemstreamError where pyarrow is not installed."""
    try:
        return Arrow(*(importlib.import_module(name) for name in ("pyarrow", "pyarrow.compute", "pyarrow.parquet")))
    except ModuleNotFoundError as missing:
        raise ItemstreamError(
            "Parquet needs pyarrow; get it with: pip install 'itemstream[export]', or take --format jsonl"
        ) from missing
