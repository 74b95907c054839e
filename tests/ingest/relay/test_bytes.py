"""Every byte behind the handshake reaches the other end as it was, whatever it is, in both directions."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.relay.messages import Message, MessageReader, Unreadable
from tests.ingest.relay.support import HANDSHAKE, SWITCHING, MemoryJournal, head, raw_upstream, relaying

CHUNKS = st.lists(st.binary(min_size=1, max_size=2000) | st.integers(1, 400_000).map(lambda n: b"\x81" * n), max_size=6)


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def pass_through(up: list[bytes], down: list[bytes], *, early: bool, half_close: bool) -> MemoryJournal:
    """Both ends send at once; what each of them got must be what the other one sent."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(SWITCHING + (b"".join(down) if early else b""))
        if not early:
            for chunk in down:
                writer.write(chunk)
                await writer.drain()
        heard.set_result(await reader.readexactly(sum(map(len, up))))
        if not half_close:
            assert await reader.read() == b""

    async with raw_upstream(upstream) as port, relaying(port) as relay:
        reader, writer = await relay.open()
        writer.write(HANDSHAKE)
        assert await head(reader) == SWITCHING

        async def send() -> None:
            for chunk in up:
                writer.write(chunk)
                await writer.drain()

        sending = asyncio.create_task(send())
        assert await reader.readexactly(sum(map(len, down))) == b"".join(down)
        await sending
        assert await heard == b"".join(up)
        if half_close:
            assert await reader.read() == b""
        writer.close()
    return relay.journal


@settings(max_examples=60, deadline=None)
@given(CHUNKS, CHUNKS, st.booleans(), st.booleans())
def test_any_bytes_pass_both_ways(up: list[bytes], down: list[bytes], early: bool, half_close: bool) -> None:
    """Also such as are no WebSocket: what can't be read along is passed on all the same."""

    async def work() -> None:
        await pass_through(up, down, early=early, half_close=half_close)

    run(work())


def frame(opcode: int, data: bytes, *, fin: bool = True, masked: bool = False) -> bytes:
    """A frame by hand, RFC 6455 section 5.2."""
    size = len(data)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
    first = bytes([fin << 7 | opcode])
    if not masked:
        return first + length + data
    key = b"\x01\x02\x03\x04"
    covered = bytes(byte ^ key[at % 4] for at, byte in enumerate(data))
    return first + bytes([length[0] | 0x80]) + length[1:] + key + covered


MESSAGES = st.lists(
    st.tuples(st.booleans(), st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.booleans()), max_size=8
)
"""Text or binary, its fragments, whether a ping stands between them."""


def told(messages: list[tuple[bool, list[bytes], bool]], *, masked: bool) -> bytes:
    data = b""
    for text, parts, pinged in messages:
        for number, part in enumerate(parts):
            opcode = 0 if number else 1 if text else 2
            data += frame(opcode, part, fin=number == len(parts) - 1, masked=masked)
            if pinged:
                data += frame(9, b"still there?", masked=masked)
    return data


@given(MESSAGES, st.booleans(), st.data())
def test_messages_are_read_along_however_they_are_cut(
    messages: list[tuple[bool, list[bytes], bool]], masked: bool, data: st.DataObject
) -> None:
    stream = told(messages, masked=masked)
    reader = MessageReader("", masked=masked)
    found: list[Message] = []
    at = 0
    while at < len(stream):
        size = data.draw(st.integers(1, len(stream) - at))
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == [Message(text, b"".join(parts)) for text, parts, _ in messages]
    assert reader.between_frames


def read_along(chunks: list[bytes]) -> tuple[list[Message], bool] | str:
    """The messages, and whether they end between two frames; or why they can't be read."""
    reader = MessageReader("", masked=False)
    try:
        return [message for chunk in chunks for message in reader.feed(chunk)], reader.between_frames
    except Unreadable as error:
        return str(error)


SIZES = st.sampled_from([0, 1, 2, 124, 125, 126, 127, 255, 256, 65_534, 65_535, 65_536, 65_537])


@given(SIZES, st.integers(-9, 9) | st.just(0), st.lists(st.binary(min_size=1, max_size=12), max_size=2))
def test_a_frame_that_comes_alone_is_read_as_one_that_comes_in_pieces(size: int, off: int, more: list[bytes]) -> None:
    """Also where its length is not told truly, and whatever follows."""
    whole = frame(1, b"x" * size)
    alone = whole[:off] if off < 0 else whole + b"\x81" * off
    assert read_along([alone, *more]) == read_along([alone[:1], alone[1:], *more])
    assert off or read_along([alone]) == ([Message(True, b"x" * size)], True)


@given(st.binary(max_size=12), SIZES)
def test_what_begins_like_a_text_is_read_the_same_at_once_and_in_pieces(begins: bytes, size: int) -> None:
    data = b"\x81" + begins + b"x" * size
    assert read_along([data]) == read_along([data[:1], data[1:]])


@settings(max_examples=30, deadline=None)
@given(MESSAGES)
def test_text_messages_of_the_server_are_recorded_in_order(messages: list[tuple[bool, list[bytes], bool]]) -> None:
    async def work() -> None:
        stream = told(messages, masked=False)
        journal = await pass_through([], [stream] if stream else [], early=False, half_close=False)
        assert journal.values == [b"".join(parts) for text, parts, _ in messages if text]

    run(work())
