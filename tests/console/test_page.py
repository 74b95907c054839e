"""The page as `make page` built it: how much a first visit loads, and that its view of the API is the API's."""

import gzip
import json
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "pipeline" / "console" / "page"
DIST = PAGE / "dist"
FIRST_PAGE_KB = 300
VIEWS = ("sessions", "conversation", "tools", "usage", "rejected", "replay", "pipeline", "audit")

if not (DIST / "index.html").exists():
    pytest.skip("the console's page is not built: run `make page`", allow_module_level=True)

MANIFEST = json.loads((DIST / ".vite" / "manifest.json").read_text())


def loaded_by(name: str) -> set[str]:
    """Files that a module of the manifest needs before it runs, its styles and images included."""
    chunk = MANIFEST[name]
    files = {chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ())}
    return files.union(*(loaded_by(other) for other in chunk.get("imports", ())))


def compressed(files: set[str]) -> int:
    return sum(len(gzip.compress((DIST / file).read_bytes(), 6)) for file in files)


def test_the_first_page_is_small() -> None:
    sessions = next(name for name in MANIFEST if name.endswith("views/sessions/Sessions.tsx"))
    files = {"index.html", "icon.svg"} | loaded_by("index.html") | loaded_by(sessions)
    assert any(file.endswith(".css") for file in files)
    assert compressed(files) <= FIRST_PAGE_KB * 1000, {file: compressed({file}) for file in files}


def test_every_view_is_loaded_when_it_is_opened() -> None:
    first = loaded_by("index.html")
    for view in VIEWS:
        lazy = {c["file"] for name, c in MANIFEST.items() if f"views/{view}/" in name and c.get("isDynamicEntry")}
        assert lazy, view
        assert first.isdisjoint(lazy), view


def test_typescript_sees_the_api_as_it_is(tmp_path: Path) -> None:
    typescript = runpy.run_path(str(PAGE / "typescript.py"))
    build = runpy.run_path(str(PAGE / "build.py"))
    document = tmp_path / "document.json"
    document.write_text(json.dumps(typescript["document"]()))
    command = [*build["npm"](), "exec", "--", "openapi-typescript", str(document), "--default-non-nullable", "false"]
    made = subprocess.run(
        [*command, "-o", str(tmp_path / "schema.d.ts")], cwd=PAGE, env=build["environment"](command), check=False
    )
    assert made.returncode == 0
    assert (tmp_path / "schema.d.ts").read_text() == (PAGE / "src/api/schema.d.ts").read_text(), "run: make page-types"


def test_the_wheel_carries_the_page_and_not_its_sources(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if name.startswith("pipeline/console/page/")}
    built = {f"pipeline/console/page/dist/{path.relative_to(DIST)}" for path in DIST.rglob("*") if path.is_file()}
    assert carried == built
