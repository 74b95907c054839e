"""The code of the docs runs as written."""

import asyncio
import contextlib
import re
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.topics.subscriptions.records import call, make_topics, message, write

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/subscribing.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def environment(bootstrap_servers: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Topics with a few records, found by the environment as a newcomer's program would."""

    async def prepare() -> None:
        await make_topics(bootstrap_servers, prefix)
        records = [call("s1", 1, name="pay"), call("s1", 2, name="look_up"), message("s1", 3, role="user", text="Hi.")]
        await write(bootstrap_servers, prefix, records)

    asyncio.run(prepare())
    monkeypatch.setenv("ITEMSTREAM_BOOTSTRAP_SERVERS", bootstrap_servers)
    monkeypatch.setenv("ITEMSTREAM_PREFIX", prefix)
    return prefix


@contextlib.asynccontextmanager
async def admin_running(admin: Any) -> AsyncGenerator[None]:
    await admin.start()
    try:
        yield
    finally:
        await admin.close()


def loaded(code: str) -> Any:
    module = ModuleType("of_the_docs")
    exec(compile(code, "docs/subscribing.md", "exec"), module.__dict__)
    return module


def test_the_first_subscriber_of_the_readme(environment: str) -> None:
    readme = (ROOT / "README.md").read_text()
    match = re.search(r"<!-- first-subscriber:begin -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert match is not None
    code = match[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 6
    program = subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert program.stdout is not None
        assert [program.stdout.readline().split()[0] for _ in range(2)] == ["pay", "look_up"]
    finally:
        program.kill()
        program.wait()


def test_the_loops_of_the_docs(environment: str, capsys: pytest.CaptureFixture[str]) -> None:
    loaded(BLOCKS[0])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["pay", "look_up"]
    loaded(BLOCKS[1])
    assert capsys.readouterr().out == "s1 Hi.\n"


@pytest.mark.parametrize(("block", "name"), [(2, "run_tool"), (3, "answer")])
async def test_the_handlers_of_the_docs(block: int, name: str, environment: str, bootstrap_servers: str) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    async with admin_running(admin):
        await admin.create_topics([NewTopic("tool-results", 1, 1)])  # exists already the second time
    handler = getattr(loaded(BLOCKS[block]), name)
    asyncio.get_running_loop().call_later(6.0, handler.stop)
    await handler.run()
    from topics import FunctionCall, subscribe

    left = subscribe(FunctionCall, group=handler.group, until="now")
    assert [one async for one in left] == []


def test_the_faust_agent_of_the_docs(environment: str) -> None:
    module = loaded(BLOCKS[4])
    topic = module.bill.channel
    one = call("s1", 1, name="pay")
    assert list(topic.topics) == [f"{environment}.items.function-calls"]
    raw = type("Message", (), {"key": one.key, "value": one.value, "headers": []})()
    assert topic.schema.loads_key(module.app, raw) == "s1"
    decoded = topic.schema.loads_value(module.app, raw)
    assert (type(decoded).__name__, decoded.name) == ("FunctionCall", "pay")
