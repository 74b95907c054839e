"""schemathesis against the OpenAPI document: what the document says is what the console does."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.console.api.support import Client

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--max-examples", "8", "--seed", "1", "--phases", "fuzzing"), id="short"),
        pytest.param(("--max-examples", "300"), id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
async def test_schemathesis_finds_nothing(console: Client, tmp_path: Path, options: tuple[str, ...]) -> None:
    token = (await console.get("/api/me"))["csrf_token"]
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "run", f"{console.url}/api/openapi.json",
        "--continue-on-failure", "--generation-database", "none", "--no-color",
        "--header", f"X-CSRF-Token: {token}",
        # It never ends; and what starts a job starts a process.
        "--exclude-path", "/api/stream", "--exclude-operation-id", "start_replay_api_replays_post",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        *options,
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()[-8000:]
    assert b"Test cases:" in told
