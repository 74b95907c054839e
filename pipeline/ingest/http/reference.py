"""The generated parts of docs/ingest.md: `make ingest-docs` writes them, a test compares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.cli.ingest_http import HTTP_SETTINGS
from pipeline.ingest.http.openapi import PROBLEMS
from pipeline.settings import Settings, flag_of

PAGE = Path(__file__).parents[3] / "docs" / "ingest.md"


def written(page: str) -> str:
    """The page with its generated parts as they must be."""
    for name, text in (("answers", _answers()), ("settings", _settings())):
        pattern = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        page = pattern.sub(lambda found, text=text: found[1] + text + found[2], page)
    return page


def _answers() -> str:
    return _table(
        ("status", "meaning"), [("200", "Kafka has it."), *((str(code), what) for code, what in PROBLEMS.items())]
    )


def _settings() -> str:
    fields = Settings.model_fields
    return _table(
        ("setting", "default", "what it is"),
        (
            (
                f"`{flag_of(name)}`",
                f"`{fields[name].default}`" if fields[name].default not in (None, ()) else "",
                fields[name].description,
            )
            for name in HTTP_SETTINGS
        ),
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str | None]]) -> str:
    titles = tuple(head)
    lines = [titles, ("---",) * len(titles), *rows]
    return "".join(f"| {' | '.join(cell or '' for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
