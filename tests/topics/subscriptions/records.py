"""Records of the item topics, made by hand, and their way into Kafka."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from topics.catalogue import CATALOGUE, TopicSpec
from topics.models import FunctionCall, Message, Response
from topics.schemas import load_example

SPECS: dict[Any, TopicSpec] = {spec.model: spec for spec in CATALOGUE if spec.model is not None}
EXAMPLES = {model: load_example(spec) for model, spec in SPECS.items()}
PARTITIONS = 3


class Record:
    """One record to be written: `partition` by the session's last digit."""

    def __init__(self, model: type, session: str, sequence: int, offset: int | None = None, **fields: Any) -> None:
        self.model = model
        self.key = session.encode()
        self.partition = int(session[-1]) % PARTITIONS
        value: dict[str, Any] = {**EXAMPLES[model], **fields}
        value |= {"id": f"{session}/{sequence}", "session_id": session, "session_sequence": sequence}
        value["source"] = {**value["source"], "offset": sequence if offset is None else offset}
        self.value = orjson.dumps(value)

    def topic(self, prefix: str) -> str:
        return SPECS[self.model].full_name(prefix)


def call(session: str, sequence: int, **fields: Any) -> Record:
    return Record(FunctionCall, session, sequence, **fields)


def message(session: str, sequence: int, **fields: Any) -> Record:
    return Record(Message, session, sequence, **fields)


def response(session: str, sequence: int, **fields: Any) -> Record:
    return Record(Response, session, sequence, **fields)


async def make_topics(bootstrap_servers: str, prefix: str, partitions: int = PARTITIONS) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(spec.full_name(prefix), partitions, 1) for spec in CATALOGUE])
        await asyncio.sleep(0.3)  # until every partition has its leader: less noise in the log
    finally:
        await admin.close()


async def write(
    bootstrap_servers: str, prefix: str, records: Iterable[Record], *, transactions: Sequence[str] = ()
) -> None:
    """Write the records in their order; with a transactional id, in one transaction."""
    options: dict[str, Any] = {"transactional_id": transactions[0]} if transactions else {}
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, linger_ms=2, **options)
    await producer.start()
    try:
        if transactions:
            await producer.begin_transaction()
        sent = [
            await producer.send(one.topic(prefix), one.value, one.key, one.partition, headers=[("ce_id", b"x")])
            for one in records
        ]
        await asyncio.gather(*sent)
        if transactions:
            await producer.commit_transaction()
    finally:
        await producer.stop()
