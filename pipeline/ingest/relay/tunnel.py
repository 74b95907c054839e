"""A WebSocket connection through the relay: two links joined, the messages in between read along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pipeline.ingest.relay.afterwards import Afterwards
from pipeline.ingest.relay.link import Link
from pipeline.ingest.relay.messages import Message, MessageReader, Unreadable, close_frame

CLOSE_SECONDS = 5.0
"""Until a connection that is to be closed is cut: its frame never ends, or the client does not read."""

Record = Callable[[Message], None]


class Tunnel:
    """Passes every byte, and shows what passed.

    afterwards: reads what passed; one for all connections, so that the order of events is that in which they passed.
    record_server, record_client: called with the messages of each direction; None: that direction is not read.
    unreadable: called once with the reason where a direction can't be followed any further; its bytes still pass.
    """

    def __init__(
        self,
        client: Link,
        upstream: Link,
        extensions: str,
        record_server: Record,
        record_client: Record | None,
        unreadable: Callable[[str], None],
        afterwards: Afterwards,
    ) -> None:
        self._client = client
        self._upstream = upstream
        self._afterwards = afterwards
        self._unreadable = unreadable
        self._closing: tuple[int, str] | None = None
        self._cutting: asyncio.TimerHandle | None = None
        self._from_server = _Direction(extensions, record_server, self._lost_track, masked=False)
        self._unread_from_server = 0
        """Chunks that have passed and are yet to be read: until then nobody knows where the last frame ends."""
        self._from_client: _Direction | None = None
        if record_client is not None:
            self._from_client = _Direction(extensions, record_client, self._lost_track, masked=True)

    async def run(self, from_client: Sequence[bytes], from_upstream: Sequence[bytes]) -> None:
        """Until both ends are gone. What each end has already said behind its handshake goes first."""
        for data in from_client:
            self._upstream.write(data)
            if self._from_client is not None:
                self._passed_from_client(data)
        for data in from_upstream:
            self._client.write(data)
            self._passed_from_server(data)
        try:
            self._client.join(self._upstream, None if self._from_client is None else self._passed_from_client)
            self._upstream.join(self._client, self._passed_from_server)
            await self._client.lost
            await self._upstream.lost
        finally:
            self._afterwards.finish()
            if self._cutting is not None:
                self._cutting.cancel()
            for direction in (self._from_server, self._from_client):
                if direction is not None:
                    direction.end()
            self._client.close()
            self._upstream.close()

    def close(self, code: int, reason: str) -> None:
        """End the connection with a close frame to the client as soon as none is under way to it, which has so many
        seconds (`CLOSE_SECONDS`). Once is enough."""
        if self._closing is None:
            self._closing = (code, reason)
            self._cutting = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.abort)
        self._close_between_frames()

    def abort(self) -> None:
        """End the connection at once."""
        self._client.abort()
        self._upstream.abort()

    def _passed_from_client(self, data: bytes) -> None:
        assert self._from_client is not None
        self._afterwards.put(self._from_client.feed, data)

    def _passed_from_server(self, data: bytes) -> None:
        self._unread_from_server += 1
        self._afterwards.put(self._read_from_server, data)
        if self._closing is not None:  # each end of a frame counts now
            self._afterwards.finish()

    def _read_from_server(self, data: bytes) -> None:
        self._unread_from_server -= 1
        self._from_server.feed(data)
        if self._closing is not None:
            self._close_between_frames()

    def _close_between_frames(self) -> None:
        if self._closing is None or self._unread_from_server or not self._from_server.between_frames:
            return
        self._client.write(close_frame(*self._closing))
        self._client.close()
        self._upstream.close()

    def _lost_track(self, reason: str) -> None:
        self._unreadable(reason)


class _Direction:
    """Reads one direction along, until it can't."""

    def __init__(self, extensions: str, record: Record, lost: Callable[[str], None], *, masked: bool) -> None:
        self._record = record
        self._lost = lost
        self._reader: MessageReader | None = None
        try:
            self._reader = MessageReader(extensions, masked=masked)
        except Unreadable as error:
            lost(str(error))

    @property
    def between_frames(self) -> bool:
        # Of what can't be read nobody knows where a frame ends.
        return self._reader is None or self._reader.between_frames

    def end(self) -> None:
        """Read no more, and hold nothing that holds this."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._record = self._lost = _nothing

    def feed(self, data: bytes) -> None:
        if self._reader is None:
            return
        try:
            for message in self._reader.feed(data):
                self._record(message)
        except Unreadable as error:
            self._reader = None
            self._lost(str(error))
        except Exception as error:  # a mistake in here must never end a call
            self._reader = None
            self._lost(f"{type(error).__name__}: {error}")


def _nothing(_: object) -> None:
    """Nothing happens."""
