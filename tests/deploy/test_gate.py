"""The gate, .ci/run, with stand-ins for all that it calls: it never passes in silence without the deploy checks."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT

CALLED = ("apt-get", "chromium", "gcc", "git", "java", "ls", "mvn", "promtool", "python3")
CLOSING = "=== 3 passed in 0.01s ==="
MAKE = f"""#!/bin/sh
echo "made $1"
case $1 in
deploy-tools) if [ -n "$NO_TOOLS" ]; then exit 2; fi ;;
test) echo "{CLOSING}" ;;
esac
"""


@pytest.mark.parametrize(
    ("environment", "status", "skipped"),
    [
        ({}, 0, False),
        ({"NO_TOOLS": "1"}, 2, True),
        ({"NO_TOOLS": "1", "ITEMSTREAM_NO_DEPLOY_TOOLS": "1"}, 0, True),
    ],
)
def test_the_gate_fails_without_the_deploy_tools_unless_told(
    environment: dict[str, str], status: int, skipped: bool, tmp_path: Path
) -> None:
    for name in CALLED:
        (tmp_path / name).write_text("#!/bin/sh\n")
    (tmp_path / "make").write_text(MAKE)
    for file in tmp_path.iterdir():
        file.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name != "ITEMSTREAM_NO_DEPLOY_TOOLS"}
    done = subprocess.run(
        ["bash", ROOT / ".ci" / "run"],
        env={**kept, "PATH": f"{tmp_path}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == CLOSING
    assert any(line.startswith("skipped: tools that check the chart") for line in lines) is skipped
    assert "made types" in lines
    assert ("made deploy-tools" in lines) is ("ITEMSTREAM_NO_DEPLOY_TOOLS" not in environment)
