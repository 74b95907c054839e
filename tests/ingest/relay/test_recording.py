"""What is recorded of a connection: every server event, in order, with what the contract says of it."""

import asyncio
import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

from pipeline.core import Output
from pipeline.ingest.redact import compile_rules
from pipeline.ingest.relay.audio import without_audio
from pipeline.ingest.relay.recorder import RecordingRules
from pipeline.logs import configure_logs
from tests.ingest.relay.support import (
    HANDSHAKE,
    SWITCHING,
    TOPIC,
    MemoryJournal,
    Running,
    head,
    raw_upstream,
    relaying,
    websocket_upstream,
)
from tests.kafka.support import until

CREATED = '{"type":"session.created","event_id":"event_1","session":{"id":"sess_1","model":"gpt-realtime"}}'
DELTA = '{"type":"response.output_audio.delta","event_id":"event_2","response_id":"r","delta":"UklGRg==","x":1}'
SECRET = "sk-this-is-a-secret"


def event(number: int) -> str:
    return json.dumps({"type": "response.done", "event_id": f"event_{number}", "response": {"id": f"resp_{number}"}})


def headers(output: Output) -> dict[str, str]:
    return {name: (value or b"").decode() for name, value in output.headers}


async def converse(
    says: Sequence[str | bytes], heard: Sequence[str] = (), *, path: str = "/v1/realtime?model=m", **options: Any
) -> Running:
    """The provider says these, once it has heard those; all of it has been passed on."""
    connecting = options.pop("connecting", {})

    async def provider(connection: ServerConnection) -> None:
        for _ in heard:
            await connection.recv()
        for message in says:
            await connection.send(message)
        await connection.wait_closed()

    async with (
        websocket_upstream(provider) as port,
        relaying(port, **options) as relay,
        relay.connect(path, **connecting) as client,
    ):
        for message in heard:
            await client.send(message)
        assert [await client.recv() for _ in says] == list(says)
    return relay


async def test_session_sequence_time_and_provider() -> None:
    early = '{"type":"error","event_id":"event_0"}'
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    relay = await converse(
        [early, CREATED, event(3)], provider="openai", connecting={"additional_headers": {"traceparent": trace}}
    )
    first, second, third = relay.journal.outputs
    connection = (first.key or b"").decode()
    assert connection.startswith("conn_"), "until session.created the connection's own id stands for the session's"
    assert [output.key for output in (second, third)] == [b"sess_1", b"sess_1"]
    assert [(output.value or b"").decode() for output in (first, second, third)] == [early, CREATED, event(3)]
    assert [headers(output)["ce_sequence"] for output in (first, second, third)] == ["1", "2", "3"]
    told = headers(third)
    assert told.pop("ce_time").endswith("Z")
    assert told == {
        "ce_specversion": "1.0",
        "ce_source": "/realtime/openai/sess_1",
        "ce_sessionid": "sess_1",
        "ce_provider": "openai",
        "ce_sequence": "3",
        "ce_id": "event_3",
        "ce_type": "response.done",
        "traceparent": trace,
    }
    assert {output.topic for output in relay.journal.outputs} == {TOPIC}
    assert relay.relay.counts.events.recorded == 3


async def test_audio_is_left_out_and_everything_else_is_the_providers_bytes() -> None:
    relay = await converse([CREATED, DELTA, b"\0\1binary"])
    assert relay.journal.values[1].decode() == DELTA.replace("UklGRg==", "")
    assert len(relay.journal.values) == 2
    relay = await converse([DELTA], recording=RecordingRules(TOPIC, audio=True))
    assert relay.journal.values == [DELTA.encode()]


@pytest.mark.parametrize(
    ("type_", "value", "kept"),
    [
        ("response.audio.delta", b'{"delta" : "QUJD" }', b'{"delta" : "" }'),
        ("response.audio.delta", rb'{"delta":"QU\/JD","a":"\"delta\":\"x\""}', rb'{"delta":"","a":"\"delta\":\"x\""}'),
        ("response.audio.delta", b'{"delta":null}', b'{"delta":null}'),
        ("response.audio.delta", b'{"delta":"cut sho', b'{"delta":"cut sho'),
        ("response.text.delta", b'{"delta":"hello"}', b'{"delta":"hello"}'),
        (
            "conversation.item.retrieved",
            b'{"item":{"content":[{"audio":"QUJD"}]}}',
            b'{"item":{"content":[{"audio":""}]}}',
        ),
        (None, b'{"delta":"QUJD"}', b'{"delta":"QUJD"}'),
    ],
)
def test_where_audio_is(type_: str | None, value: bytes, kept: bytes) -> None:
    assert without_audio(type_, value) == kept


async def test_client_events_on_request_in_a_topic_of_their_own() -> None:
    said = '{"type":"session.update","session":{"id":"mine"}}'
    audio = '{"type":"input_audio_buffer.append","audio":"QUJD"}'
    relay = await converse([CREATED], [said, audio])
    assert len(relay.journal.records) == 1
    relay = await converse([CREATED, event(2)], [said, audio], recording=RecordingRules(TOPIC, "client-events"))
    assert [output.topic for output in relay.journal.outputs] == ["client-events"] * 2 + [TOPIC] * 2
    assert [headers(output)["ce_sequence"] for output in relay.journal.outputs] == ["1", "2", "3", "4"]
    assert relay.journal.values[1] == b'{"type":"input_audio_buffer.append","audio":""}'


async def test_redaction_comes_before_the_journal() -> None:
    rules = compile_rules(["$.item.content"])
    told = '{"type":"conversation.item.done","event_id":"e","item":{"id":"i","content":[{"text":"my card is 4111"}]}}'
    relay = await converse([told], recording=RecordingRules(TOPIC, redaction=rules))
    assert b"4111" not in b"".join(relay.journal.records)
    assert json.loads(relay.journal.values[0])["item"] == {"id": "i", "content": "[redacted]"}


async def test_redaction_holds_for_the_headers_too() -> None:
    rules = compile_rules(["$.event_id"])
    told = ['{"event_id":"4111","type":"a"}', '{"event_id":"4111","type":"a","event_id":"4111"}', '{"type":"a"}']
    relay = await converse(told, recording=RecordingRules(TOPIC, redaction=rules))
    assert b"4111" not in b"".join(relay.journal.records)
    told_headers = [headers(output) for output in relay.journal.outputs]
    assert [(one["ce_type"], one.get("ce_id")) for one in told_headers] == [("a", "[redacted]")] * 2 + [("a", None)]


async def test_events_that_are_too_large_pass_and_are_counted() -> None:
    large = json.dumps({"type": "x", "event_id": "e", "text": "y" * 5000})
    relay = await converse([large, event(2)], recording=RecordingRules(TOPIC, max_event_bytes=4000))
    assert [headers(output)["ce_sequence"] for output in relay.journal.outputs] == ["2"], "the gap shows"
    assert relay.relay.counts.events.refused == {"too_large": 1}


async def test_what_is_no_event_is_recorded_too() -> None:
    """The worker rejects it, visibly."""
    relay = await converse(["no json", "[]", ""])
    assert relay.journal.values == [b"no json", b"[]", b""]


@pytest.mark.usefixtures("logs_as_they_were")
async def test_no_secret_is_recorded_or_logged() -> None:
    said = io.StringIO()
    configure_logs("info", "json", said)
    relay = await converse(
        [CREATED],
        path=f"/openai/realtime?api-version=1&api-key={SECRET}&deployment=d",
        connecting={
            "additional_headers": {"Authorization": f"Bearer {SECRET}", "api-key": SECRET},
            "subprotocols": [f"openai-insecure-api-key.{SECRET}"],
        },
    )
    assert SECRET.encode() not in b"".join(relay.journal.records)
    assert "relay_connection_opened" in said.getvalue()
    assert SECRET not in said.getvalue()


async def test_two_connections_have_sequences_and_ids_of_their_own() -> None:
    journal = MemoryJournal()

    async def provider(connection: ServerConnection) -> None:
        await connection.send(
            CREATED if (connection.request and "call_id" not in connection.request.path) else event(1)
        )
        await connection.wait_closed()

    async with websocket_upstream(provider) as port, relaying(port, journal=journal) as relay:
        async with relay.connect() as main, relay.connect("/v1/realtime?call_id=rtc_1") as side:
            await asyncio.gather(main.recv(), side.recv())
        await until(lambda: relay.relay.counts.open == 0)
    by_key = {(output.key or b"").decode(): headers(output)["ce_sequence"] for output in journal.outputs}
    assert len(by_key) == 2
    assert set(by_key.values()) == {"1"}


@given(st.binary(max_size=60).map(lambda audio: base64.b64encode(audio).decode()), st.text(), st.booleans())
def test_less_its_audio_an_event_is_the_same(audio: str, text: str, slashes: bool) -> None:
    told = {"type": "response.audio.delta", "event_id": text, "delta": audio, "x": {"y": text}}
    value = json.dumps(told, ensure_ascii=len(text) % 2 == 0)
    value = value.replace("/", "\\/") if slashes else value
    left = without_audio("response.audio.delta", value.encode("utf-8", "surrogatepass"))
    assert json.loads(left.decode("utf-8", "surrogatepass")) == {**told, "delta": ""}


@pytest.mark.parametrize(
    "agreed",
    [
        {},
        {"server_no_context_takeover": True},
        {"client_no_context_takeover": True, "server_max_window_bits": 9, "client_max_window_bits": 9},
    ],
)
async def test_compressed_and_in_fragments(agreed: dict[str, Any]) -> None:
    """Whatever the two ends agreed on: the same text again and again, so that what was said before matters."""
    said = ['{"type":"response.done","text":"' + "the same again " * 40, '","a":', "1}"]

    async def provider(connection: ServerConnection) -> None:
        for _ in range(3):
            await connection.send(iter(said))
        await connection.wait_closed()

    recording = RecordingRules(TOPIC, "client-events")
    async with (
        websocket_upstream(provider, extensions=[ServerPerMessageDeflateFactory(**agreed)]) as port,
        relaying(port, recording=recording) as relay,
        relay.connect(extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)]) as client,
    ):
        for _ in range(3):
            assert await client.recv() == "".join(said)
        for _ in range(3):
            await client.send(iter(said))
        await until(lambda: len(relay.journal.records) == 6)
    assert relay.journal.values == ["".join(said).encode()] * 6
    assert [output.topic for output in relay.journal.outputs] == [TOPIC] * 3 + ["client-events"] * 3


async def test_an_extension_nobody_knows_is_between_the_two_ends() -> None:
    frames = b"\xc1\x05\0\1\2\3\4"

    async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(SWITCHING.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: x-own; a=1\r\n\r\n") + frames)
        await reader.read()

    async with raw_upstream(provider) as port, relaying(port) as relay:
        reader, writer = await relay.open()
        writer.write(HANDSHAKE)
        await head(reader)
        assert await reader.readexactly(len(frames)) == frames
        writer.close()
        assert (relay.journal.records, relay.relay.counts.unread) == ([], 1)
