"""`pip install itemstream` as a subscriber does it: the wheel, what it asks for, and nothing else."""

import asyncio
import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.topics.subscriptions.records import call, make_topics, write

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]

PROGRAM = """
import sys
sys.path[:0] = sys.argv[1:3]
from topics import FunctionCall, subscribe
names = [call.name for call in subscribe(FunctionCall, group="g", until="now", start="earliest").sync()]
for absent in ("faust", "mode", "typer", "rich", "structlog", "pydantic_settings", "uvloop", "psycopg", "pyarrow"):
    try:
        __import__(absent)
    except ImportError:
        continue
    raise SystemExit(f"{absent} came along")
assert "pipeline" not in sys.modules
print(*names)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def requirements(wheel: Path) -> list[Requirement]:
    """Those that hold without any extra."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        metadata = message_from_bytes(archive.read(name))
    return needed([str(one) for one in metadata.get_all("Requires-Dist") or []], frozenset())


def needed(lines: list[str], extras: frozenset[str]) -> list[Requirement]:
    found = [Requirement(line) for line in lines]
    return [
        one
        for one in found
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in {"", *extras})
    ]


def install(wanted: list[Requirement], folder: Path) -> None:
    """What pip would install for `wanted`, out of this environment, by links."""
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        one = wanted.pop()
        key = (one.name.lower(), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        found = distribution(one.name)
        for place in {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}:
            if not (folder / place).exists():
                (folder / place).symlink_to(Path(str(found.locate_file(place))))
        wanted += needed(found.requires or [], key[1])


def test_the_wheel_asks_for_three_packages(wheel: Path) -> None:
    assert {one.name for one in requirements(wheel)} == {"aiokafka", "orjson", "pydantic"}


async def test_a_subscriber_needs_no_more(wheel: Path, bootstrap_servers: str, prefix: str, tmp_path: Path) -> None:
    await make_topics(bootstrap_servers, prefix)
    await write(bootstrap_servers, prefix, [call("s0", 1, name="pay")])
    unpacked, packages = tmp_path / "itemstream", tmp_path / "packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    packages.mkdir()
    install(requirements(wheel), packages)
    environment = {"ITEMSTREAM_BOOTSTRAP_SERVERS": bootstrap_servers, "ITEMSTREAM_PREFIX": prefix}
    # -S: nothing of the environment the tests run in.
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, str(unpacked), str(packages)]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("pay\n", 0), ended.stderr
