"""A console that runs in this process, and a browser's or a program's way of asking it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import orjson

from pipeline.console.serve import serve
from pipeline.settings import Settings

SECONDS = 60.0
"""Until a test gives up; what it waits for comes long before."""


class Client:
    """Asks one console. Answers are JSON, with the status before."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url.rstrip("/")
        self.http = session
        self.csrf = ""

    async def get(self, path: str, **query: Any) -> Any:
        """The answer, which must be a good one."""
        status, told = await self.ask("GET", path, params=query)
        assert status == 200, (path, told)
        return told

    async def post(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """As a page of the console does it."""
        if not self.csrf:
            self.csrf = (await self.get("/api/me"))["csrf_token"]
        return await self.ask("POST", path, json=body or {}, headers={"X-CSRF-Token": self.csrf}, **options)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        async with self.http.request(method, self.url + path, **options) as answer:
            body = await answer.read()
            return answer.status, orjson.loads(body) if body and "json" in answer.content_type else body.decode()

    async def until(self, path: str, met: Any, **query: Any) -> Any:
        """Ask until the answer is as it is to be."""
        told: Any = None
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while True:
                    told = await self.get(path, **query)
                    if met(told):
                        return told
                    await asyncio.sleep(0.05)
        raise AssertionError((path, told))

    @asynccontextmanager
    async def stream(self, last_event_id: str | None = None, **query: Any) -> AsyncGenerator[AsyncIterator[Event]]:
        """Listen to server-sent events."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with self.http.get(f"{self.url}/api/stream", params=query, headers=headers, timeout=timeout) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/event-stream"
            yield _events(answer.content)


class Event:
    """One server-sent event."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.name = fields["event"]
        self.data: Any = orjson.loads(fields["data"])
        self.id = fields.get("id")


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for raw in content:
        line = raw.decode().rstrip("\n")
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield Event(fields)
            fields = {}


@asynccontextmanager
async def running(settings: Settings, **options: Any) -> AsyncGenerator[str]:
    """A console; gives its address."""
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, stop, on_ready=address.set_result, **options))
    try:
        await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield await address
    finally:
        stop.set()
        await task


@asynccontextmanager
async def client_of(url: str, **options: Any) -> AsyncGenerator[Client]:
    """Who asks it."""
    # By default it keeps no cookies of addresses.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), **options) as session:
        yield Client(url, session)
