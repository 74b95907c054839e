"""What is in the image is locked by hash, licensed in ways that allow it, and listed."""

import importlib.util
import json
import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.deploy.tools import ROOT, run

ALLOWED = ("Apache", "MIT", "BSD", "ISC", "PSF", "Python Software Foundation", "MPL", "Mozilla", "Repoze", "Unlicense")
PAGE = ROOT / "pipeline" / "console" / "page"
LOCKS = ("deploy/requirements.lock", "deploy/export.lock", "deploy/build.lock", "requirements.lock")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "deploy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_licences_is_that_of_the_locks() -> None:
    licenses = script("licenses")
    assert licenses.PAGE.read_text() == licenses.page(), "run: python deploy/licenses.py"


def test_every_licence_allows_to_ship_it() -> None:
    cells = [line.strip("| ").split(" | ") for line in script("licenses").page().splitlines() if line.startswith("| ")]
    rows = [row for row in cells if row[0] != "package"]
    assert {"aiokafka", "react", "tslib"} <= {row[0] for row in rows}
    assert [row for row in rows if not is_allowed(row[2])] == []


def is_allowed(licence: str) -> bool:
    """Whether all that hold are allowed, and of several to choose from one is."""
    every = re.split(r" AND |, ", re.sub("[()]", "", licence))
    return all(any(name in one for name in ALLOWED) for one in every)


@pytest.mark.parametrize("licence", ["GPL-3.0", "MIT AND GPL-3.0", "MIT, GNU General Public License", "not told", ""])
def test_a_licence_that_does_not_is_found(licence: str) -> None:
    assert not is_allowed(licence)


def test_all_that_the_page_is_bundled_of_is_on_the_page_of_licences() -> None:
    told = needs_page(PAGE / "dist" / "licenses.md").read_text()
    bundled = re.findall(r"^## (\S+) - (\S+) \((.+)\)$", told, re.MULTILINE)
    assert len(bundled) > 30
    assert set(bundled) <= set(script("licenses").of_the_page())


def needs_npm() -> None:
    if runpy.run_path(str(PAGE / "build.py"))["npm"]() is None:
        pytest.skip("there is no npm")


def needs_page(file: Path) -> Path:
    if not file.exists():
        pytest.skip("the console's page is not built: run `make page`")
    return file


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_locked_by_its_hash(lock: str) -> None:
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    packages = [line for line in text.splitlines() if re.match(r"[a-zA-Z0-9]", line)]
    assert packages
    assert [line[:60] for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


def test_an_sbom_is_made_of_the_lock() -> None:
    told = run(sys.executable, "-m", "cyclonedx_py", "requirements", "deploy/requirements.lock")
    assert '"bomFormat": "CycloneDX"' in told
    assert "aiokafka" in told


def test_an_sbom_is_made_of_what_the_console_s_page_is_made_of(tmp_path: Path) -> None:
    needs_page(PAGE / "node_modules" / ".package-lock.json")
    run(sys.executable, str(PAGE / "build.py"), "sbom", str(tmp_path / "sbom.json"))
    told = json.loads((tmp_path / "sbom.json").read_text())
    assert told["bomFormat"] == "CycloneDX"
    listed = {one["bom-ref"] for one in told["components"]}
    assert listed == {f"{name}@{version}" for name, version, _ in script("licenses").of_the_page()}


def test_what_is_audited_is_all_that_ships() -> None:
    audit, licenses = script("audit"), script("licenses")
    audited = {line.split(" ")[0] for lock in audit.LOCKS for line in lines_of(lock)}
    shipped = {
        line.split(" ")[0] for lock in (*licenses.LOCKS.values(), "deploy/build.lock") for line in lines_of(lock)
    }
    assert shipped <= audited


def lines_of(lock: str) -> list[str]:
    return [line for line in (ROOT / lock).read_text().splitlines() if "==" in line]
