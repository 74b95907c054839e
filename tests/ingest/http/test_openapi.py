"""schemathesis against the OpenAPI document: what the document says is what the collector does."""

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--max-examples", "10", "--seed", "1"), id="short"),
        pytest.param(("--max-examples", "1000"), id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1200)]),
    ],
)
async def test_schemathesis_finds_nothing(
    client: aiohttp.ClientSession, tmp_path: Path, options: tuple[str, ...]
) -> None:
    url = str(client._base_url).rstrip("/")
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json", "--continue-on-failure",
        "--generation-database", "none", "--no-color", *options,
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()[-8000:]
    assert b"4 selected / 4 total" in told
    assert b"Test cases:" in told
