"""A collector for one test, and its topic."""

from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest
import trustme

from tests.ingest.http.support import collector, settings
from tests.ingest.support import make_topic


@pytest.fixture
async def topic(bootstrap_servers: str, unique: str) -> str:
    return await make_topic(bootstrap_servers, f"events-{unique}", partitions=3)


@pytest.fixture
async def client(bootstrap_servers: str, topic: str) -> AsyncGenerator[aiohttp.ClientSession]:
    async with collector(settings(bootstrap_servers, topic)) as client:
        yield client


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Files: certificate for 127.0.0.1, its key, and who signed it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = (tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "authority.pem")
    issued.cert_chain_pems[0].write_to_path(files[0])
    issued.private_key_pem.write_to_path(files[1])
    authority.cert_pem.write_to_path(files[2])
    return files
