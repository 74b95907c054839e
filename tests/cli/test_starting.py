"""What every command that runs for long says at its start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

NOWHERE = ("--bootstrap-servers", "127.0.0.1:1")
COMMANDS = {
    "worker": ("worker",),
    "http": ("ingest", "http", "--ingest-port", "0"),
    "relay": ("ingest", "relay", "--relay-port", "0", "--upstream", "ws://127.0.0.1:1", "--journal-dir", "journal"),
    "console": ("console", "--console-port", "0", "--console-store", "store.sqlite3"),
    "replay": ("replay", "--to-prefix", "again"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_misspelt_variable_is_told(name: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli.main", *COMMANDS[name], *NOWHERE, "--log-format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "ITEMSTREAM_LOG_LEVL": "debug"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = "ITEMSTREAM_LOG_LEVL is set but is no setting; did you mean ITEMSTREAM_LOG_LEVEL?"
        assert any(told in line for line in process.stderr)
    finally:
        process.kill()
        process.communicate()
