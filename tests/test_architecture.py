"""The rules of the tree: what may import what, and that a file stays one idea."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAX_LINES = 400

# Standard modules that compute and touch nothing outside: no files, sockets, processes, clocks or threads.
PURE_STDLIB = {
    "__future__",
    "abc",
    "base64",
    "bisect",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "string",
    "struct",
    "types",
    "typing",
    "urllib.parse",
    "uuid",
    "weakref",
}
CORE_MAY_IMPORT = {*PURE_STDLIB, "orjson", "cramjam", "pydantic", "pydantic_core", "typing_extensions", "topics"}
CORE_MAY_IMPORT_OF_PIPELINE = "pipeline.core"
TOPICS_IMPORTS_NEVER = {"pipeline", "faust", "mode", "typer", "rich", "structlog", "pydantic_settings"}


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of every import of a file, also those inside functions."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            yield node.lineno, ".".join(part for part in (base, node.module) if part)


def is_core_import(name: str) -> bool:
    top = name.partition(".")[0]
    if top == "pipeline":
        return name == CORE_MAY_IMPORT_OF_PIPELINE or name.startswith(CORE_MAY_IMPORT_OF_PIPELINE + ".")
    return not CORE_MAY_IMPORT.isdisjoint({top, name}) and not name.startswith("topics.admin")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("orjson", True),
        ("topics.models.message", True),
        ("pipeline.core.route", True),
        ("pipeline.settings", False),
        ("pipeline.core_extra", False),
        ("topics.admin.plan", False),
        ("aiokafka", False),
        ("faust", False),
        ("time", False),
        ("urllib.parse", True),
        ("urllib.request", False),
        ("asyncio", False),
        ("pathlib", False),
    ],
)
def test_the_rule_itself(name: str, allowed: bool) -> None:
    assert is_core_import(name) is allowed


def test_core_is_pure() -> None:
    files = python_files("pipeline/core")
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in files
        for line, name in imported(path)
        if not is_core_import(name)
    ]
    assert wrong == []


def test_topics_never_imports_the_worker() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in python_files("topics")
        for line, name in imported(path)
        if name.partition(".")[0] in TOPICS_IMPORTS_NEVER
    ]
    assert wrong == []


def test_no_file_is_too_long() -> None:
    lengths = {
        path: len(path.read_text().splitlines()) for path in python_files("pipeline", "topics", "tests", "bench")
    }
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_LINES} == {}


def test_no_compiled_module_lies_beside_its_source() -> None:
    found = [str(path.relative_to(ROOT)) for path in (ROOT / "pipeline").rglob("*.so")]
    assert not found, f"{found} would be run in place of the Python files: `make clean` removes them"
