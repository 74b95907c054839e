"""An application that taps needs no worker: what `itemstream[tap]` brings is enough."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

BLOCKED = {"faust", "mode", "typer", "rich", "structlog", "pydantic_settings", "uvloop", "click", "starlette",
           "uvicorn", "prometheus_client", "msgspec", "pyarrow", "openai", "websockets"}

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is no part of this install")

sys.meta_path.insert(0, Blocker())
from pipeline.ingest.tap import Tap
with Tap("127.0.0.1:1", close_seconds=0) as tap:
    tap.session().received('{"type": "session.created"}')
print(tap.counts.seen)
"""


def test_it_needs_nothing_of_the_worker() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (ended.returncode, ended.stdout) == (0, "1\n"), ended.stderr
