"""`itemstream forget` with the rights that `topics acls forget` prints, and with one less; readers of its list."""

import asyncio

import pytest

from pipeline.acls import PARTS, Acl, Deployment
from pipeline.erasure.erased import erased_topic, read_erased
from pipeline.erasure.forget import forget
from pipeline.errors import ItemstreamError
from pipeline.settings import Settings
from tests.kafka.deploy import Deployed, deploy
from tests.security.broker import Rights, SecuredKafka
from tests.security.test_worker_rights import is_meant
from topics.admin.errors import TopicsError

pytestmark = pytest.mark.kafka

NAME = "forget"
NAMES = Deployment(
    prefix=f"test-{NAME}", group=f"group-{NAME}", input_topic=f"events-{NAME}",
    subscriber="billing", reads=(f"test-{NAME}.items.messages",), replay_to=f"test-{NAME}-replay",
)  # fmt: skip
ACLS = PARTS["forget"].acls(NAMES)
CREATE = next(acl for acl in ACLS if acl.operation == "Create")
LIST = erased_topic(NAMES.prefix)
NAMED = {NAMES.input_topic, f"{NAMES.prefix}.responses", NAMES.changelog(), LIST}
"""Of the outputs one stands for all."""
ONE_LESS = [acl for acl in ACLS if acl is not CREATE and (acl.kind != "topic" or acl.name in NAMED)]


@pytest.fixture(scope="module")
def deployed(secured: SecuredKafka) -> Deployed:
    return asyncio.run(deploy(secured.bootstrap_servers, NAME, 1))


@pytest.fixture
def settings(secured: SecuredKafka, deployed: Deployed) -> Settings:
    return Settings.model_validate(deployed.settings().model_dump(exclude_unset=True) | secured.login("forget"))


async def refusal(settings: Settings, *, write: bool) -> str:
    """What it says when it is refused; a rule takes a moment to reach the broker."""
    async with asyncio.timeout(15):
        while True:
            try:
                await forget(settings, ["somebody"], write=write)
            except (ItemstreamError, TopicsError) as error:
                return str(error)
            await asyncio.sleep(0.05)


async def until_allowed(settings: Settings, *, write: bool = False) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                await forget(settings, ["somebody"], write=write)
            except (ItemstreamError, TopicsError):
                await asyncio.sleep(0.05)
            else:
                return


async def test_without_create_the_list_is_not_made_and_with_it_all_is_done(settings: Settings, rights: Rights) -> None:
    await rights.allow([acl for acl in ACLS if acl is not CREATE], "User:forget")
    await until_allowed(settings)
    told = await refusal(settings, write=True)
    assert LIST in told
    assert "grant Create" in told
    await rights.allow([CREATE], "User:forget")
    await until_allowed(settings, write=True)


@pytest.mark.parametrize("acl", ONE_LESS, ids=lambda acl: f"{acl.operation}-{acl.kind}-{acl.name}")
async def test_with_one_less_it_is_refused_and_named(settings: Settings, rights: Rights, acl: Acl) -> None:
    await rights.allow(ACLS, "User:forget")
    await until_allowed(settings)
    await rights.remove(acl, "User:forget")
    try:
        told = await refusal(settings, write=False)
    finally:
        await rights.allow([acl], "User:forget")
    assert f"grant {acl.operation}" in told
    assert "\n" not in told
    named = {word.strip(",:;()") for word in told.split()}
    assert any(is_meant(acl.name, word) for word in named)


async def test_who_may_not_read_the_list_does_not_go_on_without_it(
    secured: SecuredKafka, settings: Settings, deployed: Deployed, rights: Rights
) -> None:
    """To Kafka a topic that is hidden and one that is missing look alike in a list of all topics."""
    await rights.allow(ACLS, "User:forget")
    await until_allowed(settings, write=True)
    reader = Settings.model_validate(deployed.settings().model_dump(exclude_unset=True) | secured.login("export"))
    with pytest.raises(ItemstreamError, match=f"no right to read topic {LIST}"):
        await read_erased(reader)
    await rights.allow(PARTS["export"].acls(NAMES), "User:export")
    async with asyncio.timeout(15):
        while True:
            try:
                assert await read_erased(reader) == {"somebody"}
            except ItemstreamError:
                await asyncio.sleep(0.05)
            else:
                return
