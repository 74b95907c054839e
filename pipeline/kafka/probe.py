"""Asks a broker a real question: a listening port alone says little."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from pipeline.kafka.config import HOST

LOWEST_PORT = 10_000
"""Of those that are chosen: below are the ones that servers are known by."""


def cluster_id(port: int, timeout: float = 2.0) -> str | None:
    """The id of the cluster whose broker answers on that loopback port and is in service; None while there is none.

    May be called with or without a running event loop. `timeout` in seconds.
    """
    cluster = _ask(port, timeout, lambda admin: admin.describe_cluster())
    # A broker that has not been let into service by the controller is not in the list.
    return cluster["cluster_id"] if cluster and cluster["brokers"] else None


def in_service(port: int, timeout: float = 2.0) -> set[int]:
    """Ids of the nodes that serve, as the broker on that port knows; none where it does not answer."""
    cluster = _ask(port, timeout, lambda admin: admin.describe_cluster())
    return {broker["node_id"] for broker in cluster["brokers"]} if cluster else set()


def leaders(port: int, topic: str, timeout: float = 2.0) -> dict[int, int]:
    """Partition -> node id of its leader (-1: none), as the broker on that port knows; empty where none answers."""
    described = _ask(port, timeout, lambda admin: admin.describe_topics([topic]))
    return (
        {partition["partition"]: partition["leader"] for partition in described[0]["partitions"]} if described else {}
    )


def out_of_sync(port: int, timeout: float = 5.0) -> int | None:
    """How many partitions lack a replica or a leader, as the broker on that port knows; None where none answers."""
    described = _ask(port, timeout, lambda admin: admin.describe_topics())
    if described is None:
        return None
    partitions = [partition for topic in described for partition in topic["partitions"]]
    return sum(one["leader"] < 0 or len(one["isr"]) < len(one["replicas"]) for one in partitions)


def _ask(port: int, timeout: float, question: Callable[[Any], Awaitable[Any]]) -> Any:
    """The answer of the broker on that port; None where there is none in time. With or without a running event loop."""
    if not accepts(port):  # spares the client's log lines about refused connections
        return None
    with ThreadPoolExecutor(1) as thread:  # its own loop, so that callers on a loop can ask too
        return thread.submit(lambda: asyncio.run(_answer(port, timeout, question))).result()


async def _answer(port: int, timeout: float, question: Callable[[Any], Awaitable[Any]]) -> Any:
    admin = AIOKafkaAdminClient(bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=int(timeout * 1000))
    try:
        async with asyncio.timeout(timeout):
            await admin.start()
            return await question(admin)
    except (KafkaError, OSError, TimeoutError):
        return None
    finally:
        await admin.close()


def accepts(port: int) -> bool:
    """Whether something listens on that loopback port."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether a broker could listen on that loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Kafka does: ports in TIME_WAIT are free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Loopback ports that were free a moment ago, all different.

    None that the system gives a connection by itself: such a one could take it before whoever asked here does.
    """
    chosen = SystemRandom()
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = chosen.randrange(LOWEST_PORT, _lowest_of_the_system())
            probe = held.enter_context(socket.socket())
            with suppress(OSError):
                probe.bind((HOST, port))
                ports.append(port)
        return ports


def _lowest_of_the_system() -> int:
    """Where the ports begin that connections get, as Linux tells; elsewhere they begin above what it says by itself."""
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(told.read_text().split()[0]) if told.exists() else 0
    return lowest if lowest > 2 * LOWEST_PORT else 32_768
