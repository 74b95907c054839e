"""Keeps what was said in a PostgreSQL table: one row an item, always its highest revision.

    pip install 'itemstream[examples]'
    DATABASE_URL=postgresql://localhost/voice python examples/transcripts_postgres.py

A batch is committed in the database before its offsets are in Kafka. Killed in between, it comes again, and changes
nothing: a row takes only a higher revision. So the table ends with exactly the right rows.
"""

import asyncio
import os
import signal

import psycopg

from topics import Message, subscribe

TABLE = """
create table if not exists transcripts (
    session_id text not null,
    item_id    text not null,
    revision   integer not null,
    role       text,
    said       text,
    tenant     text,
    deleted    boolean not null,
    done_at    timestamptz,
    primary key (session_id, item_id)
)
"""

UPSERT = """
insert into transcripts (session_id, item_id, revision, role, said, tenant, deleted, done_at)
values (%s, %s, %s, %s, %s, %s, %s, %s)
on conflict (session_id, item_id) do update set
    revision = excluded.revision, role = excluded.role, said = excluded.said, tenant = excluded.tenant,
    deleted = excluded.deleted, done_at = excluded.done_at
where excluded.revision > transcripts.revision
"""


def row(message: Message) -> tuple[object, ...]:
    # PostgreSQL's text takes no NUL, and null is no part of a key.
    said = None if message.text is None else message.text.replace("\0", "")
    key = (message.session_id or "", message.item_id or message.id)
    return (*key, message.revision, message.role, said, message.tenant, message.deleted, message.done_at)


async def main() -> None:
    messages = subscribe(Message, group="transcripts")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, messages.stop)
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as database:
        await database.execute(TABLE)
        await database.commit()
        async for batch in messages.batches(max_records=500, max_seconds=0.5):
            async with database.transaction(), database.cursor() as cursor:
                await cursor.executemany(UPSERT, [row(message) for message in batch])


if __name__ == "__main__":
    asyncio.run(main())
