"""The messages in one direction of a WebSocket connection, read along from its bytes."""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from websockets.exceptions import InvalidHeader, PayloadTooBig, ProtocolError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.headers import parse_extension
from websockets.streams import StreamReader

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""Of a message when it is unpacked."""

_WHOLE_TEXT = 0x80 | Opcode.TEXT
_MASKED = 0x80
_LENGTH_BYTES = {126: 2, 127: 8}
"""Second byte of a frame → how many follow with its length (RFC 6455, 5.2); any other is the length."""


class Unreadable(Exception):
    """The bytes can't be followed any further; why."""


class Message(NamedTuple):
    """A whole message: fragments put together, unpacked."""

    text: bool
    data: bytes


class MessageReader:
    """Fed with every byte behind the handshake, gives the messages that have become complete.

    masked: whether the bytes are a client's. extensions: the header of the server's answer, as it stands.

    Raises Unreadable for extensions other than permessage-deflate.
    """

    def __init__(self, extensions: str, *, masked: bool) -> None:
        self._masked = masked
        self._extensions = negotiated(extensions, from_client=masked)
        self._stream = StreamReader()
        self._inside = False
        self._found: list[Message] = []
        self._parser = self._frames()
        next(self._parser)

    @property
    def between_frames(self) -> bool:
        """Whether the bytes so far end where a frame ends: another one may be put here."""
        return not self._inside and not self._stream.buffer

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes. Raises Unreadable; then this reader is of no more use."""
        if not (self._masked or self._extensions) and self.between_frames and (text := _only_text(data)) is not None:
            return [Message(True, text)]
        self._stream.feed_data(data)
        try:
            next(self._parser)
        except StopIteration:
            return []
        except (ProtocolError, PayloadTooBig, EOFError) as error:
            raise Unreadable(str(error)) from error
        found, self._found = self._found, []
        return found

    def close(self) -> None:
        """Let go of it; it is of no more use."""
        self._parser.close()

    def _frames(self) -> Generator[None]:
        parts: list[bytes | bytearray | memoryview] = []
        text = False
        while True:
            frame: Frame = yield from Frame.parse(
                self._read_exact, mask=self._masked, max_size=MAX_MESSAGE_BYTES, extensions=self._extensions
            )
            self._inside = False
            opcode = frame.opcode
            if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
                text = opcode is Opcode.TEXT
                if frame.fin:
                    self._found.append(Message(text, bytes(frame.data)))
                else:
                    parts = [frame.data]
            elif opcode is Opcode.CONT:
                parts.append(frame.data)
                if sum(map(len, parts)) > MAX_MESSAGE_BYTES:
                    raise PayloadTooBig(None, MAX_MESSAGE_BYTES)
                if frame.fin:
                    self._found.append(Message(text, b"".join(parts)))
                    parts = []

    def _read_exact(self, size: int) -> Generator[None, None, bytes | bytearray]:
        data = yield from self._stream.read_exact(size)
        self._inside = True
        return data


def _only_text(data: bytes) -> bytes | None:
    """What an unmasked frame says, where `data` is that frame and nothing else, and it is a whole text. Most are, and
    seeing so takes a fifth of the time that following them does."""
    if len(data) < 2 or data[0] != _WHOLE_TEXT or data[1] >= _MASKED:
        return None
    head = 2 + _LENGTH_BYTES.get(data[1], 0)
    said = int.from_bytes(data[2:head]) if head > 2 else data[1]
    return data[head:] if said == len(data) - head and said <= MAX_MESSAGE_BYTES else None


def negotiated(header: str, *, from_client: bool) -> list[Extension]:
    """The extensions that unpack one direction. Raises Unreadable for one that is not known here."""
    if not header:
        return []
    try:
        parsed = parse_extension(header)
    except InvalidHeader as error:
        raise Unreadable(f"the extensions {header!r} can't be read") from error
    extensions: list[Extension] = []
    for name, parameters in parsed:
        if name != ClientPerMessageDeflateFactory.name:
            raise Unreadable(f"the extension {name} is not known")
        told = dict(parameters)
        side = "client" if from_client else "server"
        bits = told.get(f"{side}_max_window_bits")
        extensions.append(
            PerMessageDeflate(
                remote_no_context_takeover=f"{side}_no_context_takeover" in told,
                local_no_context_takeover=True,
                remote_max_window_bits=int(bits) if bits and bits.isdecimal() and 8 <= int(bits) <= 15 else 15,
                local_max_window_bits=15,
            )
        )
    return extensions


def close_frame(code: int, reason: str) -> bytes:
    """A server's frame that ends a connection."""
    data = Close(code, reason).serialize()
    return Frame(Opcode.CLOSE, data).serialize(mask=False, extensions=[])
