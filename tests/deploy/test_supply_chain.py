"""What is in the image is locked by hash, licensed in ways that allow it, and listed."""

import importlib.util
import re
import sys
from types import ModuleType

import pytest

from tests.deploy.tools import ROOT, run

ALLOWED = ("Apache", "MIT", "BSD", "ISC", "PSF", "Python Software Foundation", "MPL", "Mozilla", "Repoze")
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
    rows = [line.split(" | ") for line in script("licenses").page().splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    assert [row for row in rows if not any(name in row[2] for name in ALLOWED)] == []


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
