"""The relay's tests run on the event loop that the relay runs on."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
import uvloop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of a certificate for localhost, with the authority that signed it, and of its key."""
    folder = tmp_path_factory.mktemp("certificate")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems) + authority.cert_pem.bytes())
    key.write_bytes(issued.private_key_pem.bytes())
    return cert, key


@pytest.fixture
def logs_as_they_were() -> Iterator[None]:
    """What a test sets up of logging ends with it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)
