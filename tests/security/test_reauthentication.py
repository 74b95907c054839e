"""Where the broker ends logins after a while (`connections.max.reauth.ms`), a worker logs in again."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.acls import PARTS, Deployment
from tests.faults.workload import events, expected, judge, produce
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import read_all
from tests.kafka.test_worker import lines
from tests.security.broker import Rights, SecuredKafka
from tests.security.test_logins import oauth
from tests.security.test_worker_rights import environment, running
from tests.security.tokens import Issuer

pytestmark = pytest.mark.kafka

USER = "fleeting-worker"
PARTITIONS = 2
WAVE = 40
TIMES = 2
LOGGED_IN = re.compile(rf"Authenticated (as {USER} )?via")
"""What aiokafka says of each connection, at log level debug."""


@pytest.fixture
def token_url(secured: SecuredKafka, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of tokens that end while the test is under way."""
    monkeypatch.setattr(issuer, "life", 6)
    with issuer.serving(secured.certificates) as url:
        yield url


@pytest.fixture
async def deployed(secured: SecuredKafka, rights: Rights, unique: str) -> Deployed:
    deployed = await deploy(secured.bootstrap_servers, unique, PARTITIONS)
    names = Deployment(
        prefix=deployed.prefix, group=deployed.group, input_topic=deployed.input_topic,
        subscriber="", reads=(), replay_to="",
    )  # fmt: skip
    await rights.allow(PARTS["worker"].acls(names), f"User:{USER}")
    return deployed


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "OAUTHBEARER"])
async def test_a_worker_logs_in_again_and_again(
    secured: SecuredKafka, deployed: Deployed, token_url: str, issuer: Issuer, tmp_path: Path, mechanism: str
) -> None:
    login = (
        oauth(secured, token_url, sasl_oauth_client_id=USER)
        if mechanism == "OAUTHBEARER"
        else secured.login(USER, mechanism)
    )
    log = tmp_path / "worker.log"
    settings = deployed.settings(log_level="debug").model_dump(exclude_unset=True)
    settings |= login | {"bootstrap_servers": secured.fleeting}
    load = list(events(10_000, PARTITIONS))
    tokens, sent, first = issuer.issued, 0, 0

    def logins() -> int:
        return len(LOGGED_IN.findall(log.read_text()))

    with running(environment(settings), log) as worker:
        async with asyncio.timeout(120):
            while not first or logins() < TIMES * first:
                await produce(secured.bootstrap_servers, deployed.input_topic, load[sent : sent + WAVE])
                sent += WAVE
                while len(await read_all(secured.bootstrap_servers, deployed.messages)) < sent // 4:
                    assert worker.poll() is None, log.read_text()
                    await asyncio.sleep(0.05)
                first = first or logins()
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 10) == 0, log.read_text()
    outcome = judge(await read_all(secured.bootstrap_servers, deployed.messages), expected(sent))
    assert outcome.summary == "lost 0, duplicates 0 (other ids 0), unexpected 0, out of order 0"
    (stats,) = (line for line in lines(log, "stats") if line.get("final"))
    assert (stats["rebalances"], stats["restarts"], stats["aborted"]) == (1, 0, 0)
    assert (issuer.issued - tokens >= TIMES) is (mechanism == "OAUTHBEARER")
