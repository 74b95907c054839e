"""One secured Kafka for the tests in here."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.security.broker import Rights, SecuredKafka, start_secured_kafka
from tests.security.tokens import ISSUER, Issuer


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[SecuredKafka]:
    folder = tmp_path_factory.mktemp("secured")
    secured = start_secured_kafka(folder, issuer.write_jwks(folder / "jwks.json"), ISSUER)
    try:
        yield secured
    finally:
        secured.kafka.stop()


@pytest.fixture
async def rights(secured: SecuredKafka) -> AsyncIterator[Rights]:
    rights = await Rights.of(secured)
    yield rights
    await rights.close()
