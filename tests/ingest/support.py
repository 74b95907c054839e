"""Topics for collectors to write to."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def make_topic(bootstrap_servers: str, name: str, partitions: int = 1) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, partitions, 1)])
        await asyncio.sleep(0.3)  # until every partition has its leader: less noise in the log
    finally:
        await admin.close()
    return name
