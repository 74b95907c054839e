"""A subscriber as a process of its own, to be killed. Arguments: servers, prefix, group, kind, file or topic.

`notes`: writes the id of every record it handles to the end of a file. `transactional`: one result a record.
Some records fail at their first tries, so that killing also meets records that wait for another one.
"""

import logging
import os
import sys
import zlib
from typing import Any

from topics import FunctionCall, Retry, subscriber
from topics.subscribers import Context, Subscriber

FAILING = 13


def fails(record: FunctionCall, attempt: int) -> bool:
    """Every thirteenth record fails twice: by its id, so that every process agrees."""
    return zlib.crc32(record.id.encode()) % FAILING == 0 and attempt < 3


def member(servers: str, prefix: str, group: str, kind: str, target: str) -> Subscriber[Any]:
    options: Any = {
        "group": group, "bootstrap_servers": servers, "prefix": prefix, "concurrency": 8,
        "retry": Retry(attempts=20, first=0.1, factor=1.5, longest=1.0),
        "client_options": {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 500},
    }  # fmt: skip
    if kind == "transactional":

        @subscriber(FunctionCall, transactional=True, **options)
        async def answer(record: FunctionCall, context: Context[FunctionCall]) -> None:
            context.send(target, {"of": context.idempotency_key})
            if fails(record, context.attempt):
                raise ConnectionError("try again")

        return answer

    notes = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    @subscriber(FunctionCall, **options)
    async def note(record: FunctionCall, context: Context[FunctionCall]) -> None:
        if fails(record, context.attempt):
            raise ConnectionError("try again")
        os.write(notes, f"{record.id}\n".encode())

    return note


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(process)d %(name)s %(message)s")
    logging.getLogger("topics").setLevel(logging.INFO)
    member(*sys.argv[1:]).main()
