"""Asks a broker a real question: a listening port alone says little."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from pipeline.kafka.config import HOST


def cluster_id(port: int, timeout: float = 2.0) -> str | None:
    """The id of the cluster whose broker answers on that loopback port and is in service; None while there is none.

    May be called with or without a running event loop. `timeout` in seconds.
    """
    if not accepts(port):  # spares the client's log lines about refused connections
        return None
    with ThreadPoolExecutor(1) as thread:  # its own loop, so that callers on a loop can ask too
        return thread.submit(lambda: asyncio.run(_cluster_id(port, timeout))).result()


async def _cluster_id(port: int, timeout: float) -> str | None:
    admin = AIOKafkaAdminClient(bootstrap_servers=f"{HOST}:{port}", request_timeout_ms=int(timeout * 1000))
    try:
        async with asyncio.timeout(timeout):
            await admin.start()
            cluster = await admin.describe_cluster()
    except (KafkaError, OSError, TimeoutError):
        return None
    finally:
        await admin.close()
    # A broker that has not been let into service by the controller is not in the list.
    return cluster["cluster_id"] if cluster["brokers"] else None


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
    """Loopback ports that were free a moment ago, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
