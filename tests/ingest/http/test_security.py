"""Keys, limits, TLS, redaction; and that no secret comes into logs or Kafka."""

import json
import logging
import ssl
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from pipeline.errors import UsageError
from pipeline.ingest.keys import add_key, revoke_key, rotate_key, set_limits
from pipeline.ingest.limits import Limits
from pipeline.ingest.parts import access_of, is_loopback, tls_of
from tests.ingest.http.support import ITEM_DONE, JSON, PATH, body, collector, post, settings
from tests.kafka.support import read_all

pytestmark = pytest.mark.kafka


def bearer(token: str) -> dict[str, str]:
    return JSON | {"authorization": f"Bearer {token}"}


async def test_keys(
    bootstrap_servers: str, topic: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture
) -> None:
    """Rotated and revoked under a running collector; whatever was sent with them is nowhere to be read."""
    caplog.set_level(logging.INFO)
    file = tmp_path / "keys.json"
    first, key = add_key(file, "acme")
    tokens = [first]
    async with collector(settings(bootstrap_servers, topic, ingest_keys=str(file))) as client:

        async def status(token: str, **headers: str) -> int:
            return (await post(client, ITEM_DONE, body(), bearer(token) | headers))[0]

        answer, told, headers = await post(client, ITEM_DONE, body())
        assert (answer, told["field"]) == (401, "authorization")
        assert headers["www-authenticate"].startswith("Bearer")
        assert [await status(token) for token in (first, first + "x", "nope", "\u00e9")] == [200, 401, 401, 401]
        assert await status(first, **{"ce-tenant": "acme"}) == 200
        assert await status(first, **{"ce-tenant": "umbrella"}) == 403
        tokens.append(rotate_key(file, key.id, timedelta(hours=1))[0])
        assert [await status(token) for token in tokens] == [200, 200]
        revoke_key(file, key.id)
        assert [await status(token) for token in tokens] == [401, 200]
        tokens.append(add_key(file, "umbrella")[0])
        assert await status(tokens[-1]) == 200
        # In places where they do not belong, too.
        await post(client, f"{PATH}/{tokens[1]}", body(), bearer(tokens[1]))
        await post(client, ITEM_DONE, body(), bearer(tokens[1]), params={tokens[1]: "x"})
        await post(client, ITEM_DONE, tokens[1].encode(), bearer(tokens[1]))
    found = await read_all(bootstrap_servers, topic)
    assert sorted(dict(one.headers)["ce_tenant"].decode() for one in found) == ["acme"] * 5 + ["umbrella"]
    in_kafka = "".join(repr((one.key, one.value, one.headers)) for one in found)
    told = capfd.readouterr()
    everything = in_kafka + caplog.text + told.out + told.err + file.read_text()
    assert [token for token in tokens if token.split("_", 2)[2] in everything] == []
    assert "authorization" not in in_kafka.lower()


async def test_limits_of_a_tenant(bootstrap_servers: str, topic: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    slow, small, free = (add_key(file, tenant)[0] for tenant in ("slow", "small", "free"))
    set_limits(file, "slow", Limits(events_per_second=0.01))
    set_limits(file, "small", Limits(max_event_bytes=100))
    told = settings(
        bootstrap_servers, topic, ingest_keys=str(file), ingest_max_body_bytes=20_000, max_event_bytes=9_000
    )
    async with collector(told) as client:
        assert (await post(client, ITEM_DONE, body(), bearer(slow)))[0] == 200
        status, problem, headers = await post(client, ITEM_DONE, body(), bearer(slow))
        assert (status, problem["status"]) == (429, 429)
        assert 50 < int(headers["retry-after"]) <= 100
        assert (await post(client, ITEM_DONE, body(), bearer(free)))[0] == 200
        assert (await post(client, ITEM_DONE, body(), bearer(small)))[0] == 413
        set_limits(file, "small", Limits(connections=0))
        assert (await post(client, ITEM_DONE, body(), bearer(small)))[0] == 429
        for size, expected in ((8_000, 200), (9_000, 413), (21_000, 413)):
            assert (await post(client, ITEM_DONE, body(pad="x" * size), bearer(free)))[0] == expected

        async def chunked():
            for _ in range(30):
                yield b" " * 1000

        async with client.post(ITEM_DONE, data=chunked(), headers=bearer(free)) as answer:
            assert answer.status == 413
    assert len(await read_all(bootstrap_servers, topic)) == 3


async def test_too_many_events_in_a_batch(bootstrap_servers: str, topic: str) -> None:
    async with collector(settings(bootstrap_servers, topic, ingest_max_batch_events=3)) as client:
        for count, expected in ((0, 400), (3, 200), (4, 413)):
            batch = b"[" + b",".join([body()] * count) + b"]"
            assert (await post(client, PATH, batch))[0] == expected


def redact_name(event: dict) -> None:
    event["item"]["name"] = "somebody"


async def test_redaction_before_anything_leaves(
    bootstrap_servers: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rules = f"$.item.content[*].text; {__name__}:redact_name"
    item = {"type": "message", "name": "Ann Otter", "content": [{"type": "text", "text": "my card is 4111"}]}
    async with collector(settings(bootstrap_servers, topic, ingest_redact=rules)) as client:
        status, told, _ = await post(client, ITEM_DONE, body(item=item))
        assert (status, told["event_id"]) == (200, "event_001")
        status, told, _ = await post(client, f"{PATH}/a.b", b'{"type":"a.b","secret":"4111"}')
        assert status == 422, "a rule failed: there is no item in it"
    (record,) = await read_all(bootstrap_servers, topic)
    assert dict(record.headers)["ce_id"] == b"event_001"
    assert json.loads(record.value)["item"] == {
        "type": "message",
        "name": "somebody",
        "content": [{"type": "text", "text": "[redacted]"}],
    }
    assert "4111" not in caplog.text + repr(told) + repr(record)
    assert "Otter" not in caplog.text + repr(record)


async def test_tls(bootstrap_servers: str, topic: str, certificate) -> None:
    cert, key, authority = certificate
    told = settings(bootstrap_servers, topic, ingest_tls_certfile=str(cert), ingest_tls_keyfile=str(key))
    async with collector(told) as client:
        context = ssl.create_default_context(cafile=str(authority))
        status, _, _ = await post(client, ITEM_DONE, body(), ssl=context)
        assert status == 200
        with pytest.raises(aiohttp.ClientError):
            await post(client, ITEM_DONE, body(), ssl=ssl.create_default_context())


def test_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    assert settings("127.0.0.1:1", "t").ingest_host == "127.0.0.1"
    with pytest.raises(UsageError, match=r"ingest_host = 0\.0\.0\.0: .* --ingest-keys"):
        access_of(settings("127.0.0.1:1", "t", ingest_host="0.0.0.0"))
    add_key(tmp_path / "k", "acme")
    access_of(settings("127.0.0.1:1", "t", ingest_host="0.0.0.0", ingest_keys=str(tmp_path / "k")))
    hosts = ("127.0.0.1", "127.9.9.9", "::1", "localhost", "0.0.0.0", "::", "10.0.0.1", "example.com")
    assert [is_loopback(host) for host in hosts] == [True] * 4 + [False] * 4


def test_tls_needs_both_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="TLS needs both"):
        tls_of(settings("127.0.0.1:1", "t", ingest_tls_certfile="a"))
    with pytest.raises(UsageError, match="ingest_tls_certfile: there is no file nowhere"):
        tls_of(settings("127.0.0.1:1", "t", ingest_tls_certfile="nowhere", ingest_tls_keyfile="nowhere"))
