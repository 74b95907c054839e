"""Events are recorded after they were passed on: still all of them, in order, however a connection ends."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable

import pytest
from websockets.frames import Frame, Opcode

from pipeline.core import Output
from pipeline.ingest.relay.afterwards import AT_LEAST, MAX_WAITING_BYTES, Afterwards
from pipeline.ingest.relay.link import Link
from pipeline.ingest.relay.messages import Message
from pipeline.ingest.relay.tunnel import Tunnel
from tests.ingest.relay.support import (
    HANDSHAKE,
    SWITCHING,
    MemoryJournal,
    head,
    raw_upstream,
    relaying,
)
from tests.ingest.relay.test_recording import headers
from tests.kafka.support import until

CONNECTIONS, EVENTS = 60, 20


def said(connection: str, number: int) -> bytes:
    return json.dumps({"type": "response.done", "event_id": f"event_{number}", "of": connection}).encode()


def framed(data: bytes) -> bytes:
    return Frame(Opcode.TEXT, data).serialize(mask=False, extensions=[])


def by_connection(outputs: list[Output]) -> dict[str, list[bytes]]:
    """What was recorded of each, which must be numbered without a gap."""
    found: dict[str, list[bytes]] = {}
    numbers: Counter[bytes | None] = Counter()
    for output in outputs:
        numbers[output.key] += 1
        assert headers(output)["ce_sequence"] == str(numbers[output.key])
        found.setdefault(json.loads(output.value or b"")["of"], []).append(output.value or b"")
    return found


def closing(code: int, reason: str) -> bytes:
    return Frame(Opcode.CLOSE, code.to_bytes(2) + reason.encode()).serialize(mask=False, extensions=[])


GOING_AWAY = closing(1001, "the relay is shut down")
TRY_AGAIN_LATER = closing(1013, "events can't be recorded now")


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


def cut(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def ask(port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection through the relay that the provider knows by its name."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE.replace(b"model=m", b"model=" + name.encode()))
    await head(reader)
    return reader, writer


async def asked(reader: asyncio.StreamReader) -> str:
    return (await head(reader)).split()[1].decode().rpartition("=")[2]


@pytest.mark.parametrize("end", [close, cut])
async def test_what_a_provider_said_before_it_closed_is_recorded(end: Callable[[asyncio.StreamWriter], None]) -> None:
    """Many at the same moment: their last events still wait to be read when they are gone."""
    ready: list[None] = []
    go = asyncio.Event()

    async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = await asked(reader)
        writer.write(SWITCHING)
        ready.append(None)
        await go.wait()
        for number in range(EVENTS):
            writer.write(framed(said(name, number)))
        end(writer)

    async def listen(port: int, name: str) -> bytes:
        reader, writer = await ask(port, name)
        data = await reader.read()
        writer.close()
        return data

    names = [f"c{number}" for number in range(CONNECTIONS)]
    async with raw_upstream(provider) as port, relaying(port) as relay:
        listening = [asyncio.create_task(listen(relay.port, name)) for name in names]
        await until(lambda: len(ready) == CONNECTIONS)
        go.set()
        passed = dict(zip(names, await asyncio.gather(*listening), strict=True))
        await until(lambda: relay.relay.counts.open == 0)
    recorded = by_connection(relay.journal.outputs)
    for name in names:
        events = recorded.get(name, [])
        assert events == [said(name, number) for number in range(EVENTS)][: len(events)]
        assert b"".join(map(framed, events)).startswith(passed[name])
        assert end is cut or len(events) == EVENTS


async def test_what_passed_before_the_relay_was_stopped_is_recorded() -> None:
    """In the middle of it, with no patience."""
    heard: Counter[str] = Counter()

    async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        name = await asked(reader)
        writer.write(SWITCHING)
        number = 0
        while not writer.is_closing() and number < 1000:
            writer.write(framed(said(name, number)))
            number += 1
            await asyncio.sleep(0)
        await reader.read()

    async def listen(port: int, name: str) -> bytes:
        reader, writer = await ask(port, name)
        received = b""
        while data := await reader.read(65536):
            received += data
            heard[name] += 1
        writer.close()
        return received

    names = [f"c{number}" for number in range(CONNECTIONS)]
    async with raw_upstream(provider) as port, relaying(port) as relay:
        listening = [asyncio.create_task(listen(relay.port, name)) for name in names]
        await until(lambda: len(heard) == CONNECTIONS)
        await relay.relay.close(0)
        recorded = by_connection(relay.journal.outputs)
        passed = dict(zip(names, await asyncio.gather(*listening), strict=True))
    for name in names:
        assert recorded[name] == [said(name, number) for number in range(len(recorded[name]))]
        assert b"".join(map(framed, recorded[name])).startswith(passed[name].removesuffix(GOING_AWAY))


async def test_a_close_frame_waits_for_the_frame_that_is_under_way() -> None:
    """The event that is dropped may be read only when half of the next frame has passed already."""
    short, long = framed(said("x", 1)), framed(said("x" * 60_000, 2))
    ready: list[None] = []
    go = asyncio.Event()

    async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(SWITCHING)
        ready.append(None)
        await go.wait()
        writer.write(short)
        for at in range(0, len(long), 10_000):
            await asyncio.sleep(0)
            writer.write(long[at : at + 10_000])
        await reader.read()

    async def listen(port: int) -> bytes:
        reader, writer = await ask(port, "x")
        data = await reader.read()
        writer.close()
        return data

    journal = MemoryJournal()
    async with raw_upstream(provider) as port, relaying(port, journal=journal, when_full="close") as relay:
        listening = [asyncio.create_task(listen(relay.port)) for _ in range(CONNECTIONS)]
        await until(lambda: len(ready) == CONNECTIONS)
        journal.room = 0
        go.set()
        found = await asyncio.gather(*listening)
    assert set(found) <= {short + TRY_AGAIN_LATER, short + long + TRY_AGAIN_LATER}


async def test_what_passed_before_a_connection_is_given_up_is_recorded() -> None:
    """More of it than one turn of the event loop reads."""
    loop = asyncio.get_running_loop()
    recorded: list[Message] = []
    unread: list[str] = []
    async with raw_upstream(silent) as port:
        client, upstream = [(await loop.create_connection(Link, "127.0.0.1", port))[1] for _ in range(2)]
        tunnel = Tunnel(client, upstream, "", recorded.append, None, unread.append, Afterwards())
        chunks = [framed(said("x", number)) for number in range(10 * AT_LEAST)]
        running = asyncio.create_task(tunnel.run([], chunks))
        await asyncio.sleep(0)
        assert not recorded
        running.cancel()
        await asyncio.wait([running])
    assert [message.data for message in recorded] == [said("x", number) for number in range(len(chunks))]
    assert not unread


async def test_chunks_are_read_in_order_a_few_a_turn_and_never_many_kept() -> None:
    afterwards = Afterwards()
    read: list[bytes] = []
    chunks = [b"%d" % number for number in range(10 * AT_LEAST)]
    for chunk in chunks:
        afterwards.put(read.append, chunk)
    assert not read, "the sockets come first"
    await asyncio.sleep(0)
    assert read == chunks[: len(chunks) // 2]
    await asyncio.sleep(0)
    assert len(read) < len(chunks)
    afterwards.finish()
    assert read == chunks
    afterwards.put(read.append, b"last")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert read[-1] == b"last"
    large = b"x" * (MAX_WAITING_BYTES // 2 + 1)
    for _ in range(2):
        afterwards.put(read.append, large)
    assert read[-2:] == [large, large]
