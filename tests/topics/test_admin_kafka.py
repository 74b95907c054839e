"""Topic administration on a real broker."""

import asyncio

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from topics.admin import (
    BrokerUnreachableError,
    Plan,
    RefusedError,
    apply_changes,
    check,
    connect,
    deployment,
    make_plan,
    read_state,
)

pytestmark = pytest.mark.kafka


async def bring(bootstrap: str, prefix: str, group: str, partitions: int | None = None) -> Plan:
    """Plan and apply; returns the plan that was applied. The input has a name of its own: the broker is shared."""
    topics = deployment(prefix, group, f"{prefix}.events")
    async with connect(bootstrap) as admin:
        state = await read_state(admin, topics)
        plan = make_plan(topics, state, partitions=partitions)
        await apply_changes(admin, plan.changes, state)
    return plan


async def test_apply_then_nothing_to_do(bootstrap_servers: str, prefix: str, group: str) -> None:
    assert len(await check(bootstrap_servers, prefix, group, f"{prefix}.events")) == 12
    assert len((await bring(bootstrap_servers, prefix, group, 3)).changes) == 12
    assert await check(bootstrap_servers, prefix, group, f"{prefix}.events") == []
    assert (await bring(bootstrap_servers, prefix, group, 3)).changes == ()
    assert (await bring(bootstrap_servers, prefix, group)).changes == ()


async def test_asking_creates_nothing(bootstrap_servers: str, prefix: str, group: str) -> None:
    topics = deployment(prefix, group, f"{prefix}.events")
    async with connect(bootstrap_servers) as admin:
        await read_state(admin, topics)
        assert (await read_state(admin, topics)).topics == {}


async def test_partitions_grow_and_never_shrink(bootstrap_servers: str, prefix: str, group: str) -> None:
    await bring(bootstrap_servers, prefix, group, 1)
    assert len((await bring(bootstrap_servers, prefix, group, 2)).changes) == 12
    plan = await bring(bootstrap_servers, prefix, group, 1)
    assert (plan.changes, plan.partitions, len(plan.notes)) == ((), 2, 1)


async def test_what_an_operator_set_is_kept(bootstrap_servers: str, prefix: str, group: str) -> None:
    await bring(bootstrap_servers, prefix, group, 1)
    topics = deployment(prefix, group, f"{prefix}.events")
    name = f"{prefix}.responses"
    async with connect(bootstrap_servers) as admin:
        own = {"segment.ms": "123456", "retention.ms": "1000"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, own)])
        async with asyncio.timeout(10):  # a broker shows a change a moment after the controller took it
            while (await read_state(admin, topics)).topics[name].own_config != own:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        found = await check(admin, prefix, group, f"{prefix}.events")
        assert [(problem.severity, problem.topic) for problem in found] == [("warning", name), ("warning", name)]

    await bring(bootstrap_servers, prefix, group)
    async with connect(bootstrap_servers) as admin:
        config = (await read_state(admin, topics)).topics[name].own_config
    assert config["segment.ms"] == "123456"
    assert (config["retention.ms"], config["max.message.bytes"]) == ("604800000", "16777216")


async def test_a_name_kafka_refuses(bootstrap_servers: str, group: str) -> None:
    with pytest.raises(RefusedError, match="cannot be created"):
        await bring(bootstrap_servers, "not a name", group, 1)


async def test_no_broker(unused_tcp_port: int) -> None:
    with pytest.raises(BrokerUnreachableError, match="no Kafka broker answers at"):
        await check(f"127.0.0.1:{unused_tcp_port}", "p", "g")
