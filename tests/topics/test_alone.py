"""`topics` needs pydantic, orjson and aiokafka, and nothing of the worker."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import topics.subscribers
import topics.subscriptions

ROOT = Path(__file__).parents[2]

PROGRAM = """
import importlib, pkgutil, sys
from importlib.abc import MetaPathFinder

BLOCKED = {"pipeline", "faust", "mode", "typer", "rich", "structlog", "pydantic_settings", "uvloop", "click"}

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not part of the base install")

sys.meta_path.insert(0, Blocker())
import topics
names = [one.name for one in pkgutil.walk_packages(topics.__path__, "topics.") if not one.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
for name in topics.__all__:
    getattr(topics, name)
try:
    topics.faust.codec(topics.Message)
except ImportError as error:
    assert "itemstream[faust]" in str(error)
else:
    raise AssertionError("faust was imported")
print(len(names))
"""


def test_every_module_imports_without_the_worker_s_packages() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 30


def test_the_models_alone_bring_no_kafka_client() -> None:
    program = "import sys; from topics import Message; assert 'aiokafka' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_no_module_has_the_name_of_what_its_package_exports() -> None:
    # mypy takes `from topics.subscriptions import subscribe` for the module of that name.
    for package in (topics, topics.subscriptions, topics.subscribers):
        modules = {one.name for one in pkgutil.iter_modules(package.__path__)}
        assert not modules & set(package.__all__), package.__name__
