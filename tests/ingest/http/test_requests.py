"""What is sent over HTTP comes into Kafka as it is, and what the sender is told."""

import json
import re
from typing import Any

import aiohttp
import pytest

from tests.ingest.http.support import EVENT, ITEM_DONE, JSON, PATH, body, post
from tests.kafka.support import read_all

pytestmark = pytest.mark.kafka

NDJSON = {"content-type": "application/x-ndjson"}
STRUCTURED = {"content-type": "application/cloudevents+json; charset=UTF-8"}
BATCHED = {"content-type": "application/cloudevents-batch+json"}
ODD = b'{ "event_id":"e\\u00e9",\t"n" : 1.00e2, "type":"a.b", "x": [ ] }'


async def records(bootstrap_servers: str, topic: str) -> list[tuple[bytes | None, bytes, dict[str, str]]]:
    found = await read_all(bootstrap_servers, topic)
    return [(one.key, one.value, {name: value.decode() for name, value in one.headers}) for one in found]


async def test_the_documented_request(client: aiohttp.ClientSession, bootstrap_servers: str, topic: str) -> None:
    status, told, _ = await post(client, ITEM_DONE, body())
    assert (status, told) == (200, {"event_id": "event_001", "type": "conversation.item.done"})
    ((key, value, headers),) = await records(bootstrap_servers, topic)
    assert (key, value) == (None, body())
    assert headers.pop("ce_time").endswith("Z")
    assert headers == {
        "ce_specversion": "1.0",
        "ce_source": "/realtime/unknown/-",
        "ce_id": "event_001",
        "ce_type": "conversation.item.done",
    }


_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_HEADERS = {
    "ce-specversion": "1.0",
    "ce-type": "a.b",
    "ce-id": "ignored, since the event has one",
    "ce-source": "/of/the/sender",
    "ce-sessionid": "sess%201",
    "ce-sequence": "0007",
    "ce-time": "2026-01-31T12:00:00+01:00",
    "ce-provider": "openai",
    "ce-tenant": "acme",
    "traceparent": _TRACE,
}
_QUERY = {
    "session_id": "sess 1",
    "sequence": "7",
    "time": "2026-01-31T12:00:00+01:00",
    "provider": "openai",
    "tenant": "acme",
}
_CLOUD_EVENT = {
    "specversion": "1.0",
    "type": "a.b",
    "id": "x",
    "source": "/of/the/sender",
    "sessionid": "sess 1",
    **{name: value for name, value in _QUERY.items() if name != "session_id"},
    "traceparent": _TRACE,
}


def structured(**changes: Any) -> bytes:
    """Its data is ODD, byte for byte."""
    return json.dumps({**_CLOUD_EVENT, "data": "HERE", **changes}).encode().replace(b'"HERE"', ODD)


_WAYS: list[tuple[str, bytes, dict[str, str], dict[str, str]]] = [
    (f"{PATH}/a.b", ODD, JSON | _HEADERS, {}),
    (f"{PATH}/a.b", ODD, JSON | {"traceparent": _TRACE}, _QUERY),
    (f"{PATH}/a.b", structured(), STRUCTURED, {}),
    (f"{PATH}/a.b", structured(tenant=None), STRUCTURED | {"ce-tenant": "acme"}, {"provider": "loses"}),
    (PATH, b"[ " + ODD + b" ]", JSON | _HEADERS, {}),
    (PATH, b"\n" + ODD + b"\r\n\n", NDJSON | {"traceparent": _TRACE}, _QUERY),
    (PATH, b"[" + structured(time="2026-01-31T12:00:00+01:00") + b"]", BATCHED, {}),
]


async def test_what_is_known_of_an_event(client: aiohttp.ClientSession, bootstrap_servers: str, topic: str) -> None:
    for path, data, headers, query in _WAYS:
        status, told, _ = await post(client, path, data, headers, params=query)
        assert status == 200, told
        assert (told["lines"][0] if path == PATH else told)["event_id"] == "eé"
    expected = {
        "ce_specversion": "1.0",
        "ce_source": "/realtime/openai/sess%201",
        "ce_sessionid": "sess 1",
        "ce_provider": "openai",
        "ce_tenant": "acme",
        "ce_sequence": "7",
        "ce_time": "2026-01-31T12:00:00+01:00",
        "ce_id": "eé",
        "ce_type": "a.b",
        "traceparent": _TRACE,
    }
    assert await records(bootstrap_servers, topic) == [(b"sess 1", ODD, expected)] * len(_WAYS)


async def test_a_batch_is_answered_line_by_line_and_numbered_on(
    client: aiohttp.ClientSession, bootstrap_servers: str, topic: str
) -> None:
    lines = [body(event_id=f"e{number}", type="t" if number else EVENT["type"]) for number in range(500)]
    status, told, _ = await post(client, PATH, b"\n".join(lines), NDJSON, params={"session_id": "s", "sequence": "10"})
    assert status == 200
    assert told == {"lines": [{"status": 200, "event_id": f"e{number}"} for number in range(500)]}
    found = await records(bootstrap_servers, topic)
    assert [(value, headers["ce_sequence"]) for _, value, headers in found] == [
        (line, str(number)) for number, line in enumerate(lines, 10)
    ]


async def test_a_batch_with_a_wrong_line_is_not_written(
    client: aiohttp.ClientSession, bootstrap_servers: str, topic: str
) -> None:
    lines = [body(), body(item={}), b"[]", body(type="a.b", item=None)]
    status, told, headers = await post(client, PATH, b"\n".join(lines), NDJSON)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert told["field"] == "1.item.type"
    assert [line["status"] for line in told["lines"]] == [424, 400, 400, 424]
    assert told["lines"][1]["field"] == "item.type"
    assert await records(bootstrap_servers, topic) == []


async def test_only_the_same_event_joins_one_that_is_under_way(
    client: aiohttp.ClientSession, bootstrap_servers: str, topic: str
) -> None:
    """All of one request, so each is under way when the next one comes. What is told of an event is part of it."""
    others: list[dict[str, str | None]] = [
        {"tenant": "umbrella"}, {"tenant": None}, {"provider": "xai"}, {"sequence": "8"}, {"sessionid": "sess 2"},
    ]  # fmt: skip
    again = [{}, {"time": "2026-01-31T13:00:00Z"}, {"traceparent": _TRACE.replace("4b", "4c")}]
    batch = b"[" + b",".join(structured(**changes) for changes in [{}, *others, *again]) + b"]"
    status, told, _ = await post(client, PATH, batch, BATCHED)
    assert (status, [line["status"] for line in told["lines"]]) == (200, [200] * 9)
    names = ("ce_tenant", "ce_provider", "ce_sequence", "ce_sessionid")
    found = [[headers.get(name) for name in names] for _, _, headers in await records(bootstrap_servers, topic)]
    one = {"tenant": "acme", "provider": "openai", "sequence": "7", "sessionid": "sess 1"}
    assert sorted(found, key=str) == sorted((list((one | other).values()) for other in [{}, *others]), key=str)


_WRONG_BODIES: list[tuple[bytes, str | None]] = [
    (body(type=None), "type"),
    (body(type="other"), "type"),
    (body(event_id=None), "event_id"),
    (body(event_id=""), "event_id"),
    (body(item=None), "item"),
    (body(item=[]), "item"),
    (body(item={"type": ""}), "item.type"),
    (body(item={"type": "message", "content": "text"}), "item.content"),
    (body(item={"type": "message", "content": ["text"]}), "item.content.0"),
    (body(item={"type": "message", "metadata": 1}), "item.metadata"),
    (body(previous_item_id=7), "previous_item_id"),
    (b"", None),
    (b"{", None),
    (b"[]", None),
    (b"\xef\xbb\xbf{}", None),
    (b'{"type":"\xff"}', None),
    (b'{"type":"conversation.item.done","event_id":"e","item":{"type":"m","n":NaN}}', None),
    (b'{"a":' * 5000 + b"1" + b"}" * 5000, None),
    (body(deep=json.loads("[" * 120 + "]" * 120)), None),
]


async def test_400_names_the_field(client: aiohttp.ClientSession, bootstrap_servers: str, topic: str) -> None:
    for data, field in _WRONG_BODIES:
        status, told, headers = await post(client, ITEM_DONE, data)
        assert (status, told.get("field")) == (400, field), data[:100]
        assert (told["status"], told["title"]) == (400, "Bad Request")
        assert headers["content-type"] == "application/problem+json"
    assert await records(bootstrap_servers, topic) == []


_WRONG_ATTRIBUTES: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({"ce-sequence": "-1"}, {}, "ce-sequence"),
    ({"ce-sequence": "1" * 19}, {}, "ce-sequence"),
    ({"ce-time": "yesterday"}, {}, "ce-time"),
    ({"ce-time": "2026-02-31T12:00:00Z"}, {}, "ce-time"),
    ({"ce-sessionid": ""}, {}, "ce-sessionid"),
    ({"ce-sessionid": "a%0ab"}, {}, "ce-sessionid"),
    ({"ce-sessionid": "100%"}, {}, "ce-sessionid"),
    ({"ce-sessionid": "x" * 513}, {}, "ce-sessionid"),
    ({}, {"session_id": "x" * 129}, "session_id"),
    ({}, {"tenant": "a\x00b"}, "tenant"),
    ({"ce-specversion": "0.3"}, {}, "ce-specversion"),
    ({}, {"sequence": "seven"}, "sequence"),
    ({}, {"sesion_id": "s"}, "sesion_id"),
]


async def test_400_names_the_header_or_parameter(client: aiohttp.ClientSession) -> None:
    for headers, query, field in _WRONG_ATTRIBUTES:
        status, told, _ = await post(client, ITEM_DONE, body(), JSON | headers, params=query)
        assert (status, told["field"]) == (400, field), (headers, query)


_OTHER_ERRORS: list[tuple[str, str, dict[str, str], int]] = [
    ("POST", "/v1/realtime/server-event", JSON, 404),
    ("POST", f"{PATH}/a/b", JSON, 404),
    ("GET", ITEM_DONE, JSON, 405),
    ("POST", "/health", JSON, 405),
    ("POST", ITEM_DONE, {"content-type": "text/plain"}, 415),
    ("POST", ITEM_DONE, {"content-type": "application/json; charset=latin-1"}, 415),
    ("POST", ITEM_DONE, NDJSON, 415),
    ("POST", PATH, STRUCTURED, 415),
    ("POST", ITEM_DONE, JSON | {"content-encoding": "gzip"}, 415),
    ("POST", f"{PATH}/a.b", JSON, 409),
    ("POST", f"{PATH}/a%20b", JSON, 400),
    ("POST", ITEM_DONE, JSON | {"ce-type": "a.b"}, 409),
]


async def test_other_errors(client: aiohttp.ClientSession) -> None:
    for method, path, headers, status in _OTHER_ERRORS:
        async with client.request(method, path, data=body(), headers=headers) as answer:
            told = await answer.json(content_type="application/problem+json")
        assert (answer.status, told["status"]) == (status, status), (method, path, headers)
        assert (answer.headers.get("allow") is not None) == (status == 405)


async def test_openapi_and_docs(client: aiohttp.ClientSession) -> None:
    async with client.get("/openapi.json") as answer:
        document = await answer.json()
    assert ITEM_DONE in document["paths"]
    assert document["components"]["schemas"]["Item"]["required"] == ["type"]
    async with client.get("/docs") as answer:
        page = await answer.text()
    assert "conversation.item.done" in page
    assert not re.search(r"(src|href)=['\"]?(http|//)|@import|url\(", page), "loads nothing from elsewhere"


async def test_what_the_examples_of_the_document_say_is_true(client: aiohttp.ClientSession) -> None:
    async with client.get("/openapi.json") as answer:
        document = await answer.json()
    tried = 0
    for path, methods in document["paths"].items():
        for media, content in methods.get("post", {}).get("requestBody", {}).get("content", {}).items():
            if "example" in content:
                data = json.dumps(content["example"]).encode()
                where = path.replace("{event_type}", "response.created")
                status, told, _ = await post(client, where, data, {"content-type": media})
                assert status == 200, told
                tried += 1
    assert tried == 6
