"""What is changed in aiokafka 0.14, all in one place; applied when the first client is made."""

# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
from typing import Any, cast

from aiokafka import conn
from aiokafka import errors as kafka
from aiokafka.consumer import fetcher
from aiokafka.producer import sender
from aiokafka.protocol.group import LeaveGroupRequest

from pipeline.streaming.fetched_batches import PartitionBatches
from pipeline.streaming.header_keys import LenientRecords

CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS = 0.002
MAX_CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS = 0.064


def apply() -> None:
    """Idempotent.

    - Records with header keys that are not UTF-8 can be read (see `header_keys`), and reading costs less.
    - The broker writes the markers of a transaction after it has answered the commit; a transaction begun in between
      is told CONCURRENT_TRANSACTIONS. aiokafka then waits 20 ms or more, where the markers take 1 to 5 ms.
    - The group joins a transaction before the partitions do, see `_next_transactional_request`.
    - uvloop raises RuntimeError on writing to a connection that the peer has reset, where asyncio's own loop says
      nothing. aiokafka takes that for a mistake in itself and ends the task that fetches, sends or keeps the group.
    - A broker refuses a token of OAUTHBEARER with a challenge that says why (RFC 7628, 3.2.3). aiokafka takes that for
      a success and goes on with a connection that is of no use.
    - A TLS connection says goodbye and waits for the broker's, which comes after the answer to what was asked last: for
      up to 30 s nothing ends. What matters was answered before, so the connection is cut.
    - A fetch that failed waits to be made again; closing the consumer meanwhile cancels it, and who closes is told that
      he himself was cancelled, with the connections left open.
    """
    patched_connection: Any = conn.AIOKafkaConnection
    patched_connection.send = _send
    patched_connection.close = _close
    patched_login: Any = conn.OAuthAuthenticator
    patched_login.step = _login_step
    patched_fetcher: Any = fetcher
    patched_fetcher.MemoryRecords = LenientRecords
    patched_fetcher.PartitionRecords = PartitionBatches
    patched_fetcher.Fetcher._proc_fetch_request = _fetch
    patched_sender: Any = sender
    patched_sender.BACKOFF_OVERRIDE = CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS
    patched_sender.AddOffsetsToTxnHandler = _AddOffsetsHandler
    patched_sender.Sender._maybe_do_transactional_request = _next_transactional_request


_original_login_step: Any = cast(Any, conn.OAuthAuthenticator).step


async def _login_step(self: Any, payload: bytes | None) -> Any:
    if payload:
        raise kafka.SaslAuthenticationFailed(payload.decode(errors="replace"))
    return await _original_login_step(self, payload)


_original_close: Any = cast(Any, conn.AIOKafkaConnection).close


def _close(self: Any, reason: Any = None, exc: BaseException | None = None) -> Any:
    transport = self._writer.transport if self._writer is not None and self._ssl_context is not None else None
    closed = _original_close(self, reason, exc)
    if transport is not None:
        transport.abort()
    return closed


_original_fetch: Any = cast(Any, fetcher.Fetcher)._proc_fetch_request


async def _fetch(self: Any, assignment: Any, node_id: int, request: Any) -> bool:
    """Cancelled, it answers as aiokafka's own does while the request is under way: nothing to wake for."""
    try:
        return await _original_fetch(self, assignment, node_id, request)
    except asyncio.CancelledError:
        return False


_original_send: Any = cast(Any, conn.AIOKafkaConnection).send


def _send(self: Any, request: Any, expect_response: bool = True) -> Any:
    try:
        return _original_send(self, request, expect_response)
    except RuntimeError as error:
        self.close(reason=conn.CloseReason.CONNECTION_BROKEN)
        raise kafka.KafkaConnectionError(f"Connection at {self._host}:{self._port} broken: {error}") from error


def _next_transactional_request(self: Any) -> asyncio.Task[Any] | None:
    """The order of a transaction's requests: group, partitions, records, offsets, end.

    aiokafka adds the partitions first and sends their records while it adds the group. Since Kafka 3.6 a broker asks
    the transaction's coordinator before it takes the first records of a partition; while the coordinator is busy adding
    the group it says no, the broker tells an older client NOT_ENOUGH_REPLICAS, and 20 ms are lost: in one of ten
    transactions. With the group first nothing is under way when the records arrive.

    For the offsets a broker asks the coordinator too. Of two questions about one transaction that wait in one broker it
    answers the first with an error: so the offsets go after the records, or 20 ms are lost in one of five.
    """
    manager = self._txn_manager
    if (group := manager.consumer_group_to_add()) is not None:
        return asyncio.ensure_future(self._do_add_offsets_to_txn(group))
    if partitions := manager.partitions_to_add():
        return asyncio.ensure_future(self._do_add_partitions_to_txn(partitions))
    if (commit := manager.offsets_to_commit()) is not None:
        if self._in_flight or self._message_accumulator._batches:
            return None  # the end of what is in flight leads here again
        return asyncio.ensure_future(self._do_txn_offset_commit(*commit))
    if (result := manager.needs_transaction_commit()) is not None:
        return asyncio.ensure_future(self._do_txn_commit(result))
    return None


class _AddOffsetsHandler(sender.AddOffsetsToTxnHandler):
    """Now the first request of a transaction, so it is the one that meets the markers of the last.

    Each time it waits twice as long: with many partitions a busy broker would else do nothing but say no.
    """

    def handle_response(self, resp: Any) -> Any:
        manager = cast(Any, self)._sender._txn_manager
        if kafka.for_code(resp.error_code) is kafka.ConcurrentTransactions:
            backoff = getattr(manager, "next_backoff", CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS)
            manager.next_backoff = min(2 * backoff, MAX_CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS)
            return backoff
        manager.next_backoff = CONCURRENT_TRANSACTIONS_BACKOFF_SECONDS
        return super().handle_response(resp)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def forget_transactional_id(producer: Any) -> None:
    """Make a started transactional producer a plain idempotent one that keeps its producer id and epoch.

    The id and epoch are what the broker fences by: a write of an older epoch is refused by every partition that has
    seen a newer one, inside a transaction or not.
    """
    producer._txn_manager.transactional_id = None


def in_transaction(producer: Any) -> bool:
    """Whether there is something to abort, and aborting is still possible."""
    return producer._txn_manager.state.name in {"IN_TRANSACTION", "ABORTABLE_ERROR"}


async def leave_group_beside(consumer: Any) -> None:
    """Leave the group on another connection than the group's, where a request to join waits for its answer.

    While a member is gone that Kafka does not miss yet, a rebalance waits for it, for up to a session timeout. aiokafka
    waits too before it stops; whoever cuts that short stays in the group, is given partitions, and these stand still
    for another session timeout. The broker answers the waiting request when its member leaves.
    """
    coordinator = consumer._coordinator
    if (member := getattr(coordinator, "member_id", "")) and coordinator.coordinator_id is not None:
        await consumer._client.send(coordinator.coordinator_id, LeaveGroupRequest(coordinator.group_id, member))
