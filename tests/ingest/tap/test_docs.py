"""The code of docs/collecting.md runs as written, against a provider and a Kafka of this machine.

`openai` and `pydantic-ai` run in the gate; openai-agents, LiveKit and Pipecat, which bring hundreds of megabytes, with
`make frameworks`.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ingest.clients.talk import QUESTION
from tests.ingest.support import make_topic
from tests.ingest.tap.support import events_in, provider

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[3]
FRAMEWORKS = ROOT / "build" / "frameworks-venv" / "bin" / "python"
DOCS = (ROOT / "docs" / "collecting.md").read_text()

# What starts the code of those that leave that to their reader.
STARTED = {
    "openai-agents": "",
    "livekit": """
import asyncio
asyncio.run(entrypoint())
""",
    "pipecat": """
import asyncio, os
from pipecat.frames.frames import EndFrame, LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.task import PipelineTask
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService

async def main():
    llm = OpenAIRealtimeLLMService(api_key="k", base_url=os.environ["REALTIME_URL"])
    context = LLMContext([{"role": "user", "content": "Can you move my appointment to Thursday?"}])
    pair = LLMContextAggregatorPair(context)
    task = PipelineTask(Pipeline([pair.user(), llm, pair.assistant()]))
    await task.queue_frames([LLMRunFrame()])
    asyncio.get_running_loop().call_later(4, lambda: asyncio.ensure_future(task.queue_frames([EndFrame()])))
    await run(task)

asyncio.run(main())
""",
}


def code_of(name: str, bootstrap_servers: str, topic: str, url: str) -> str:
    """The block of that name, with this machine's addresses."""
    found = re.search(rf"<!-- tap-{name}:begin -->\n```python\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None, name
    code = found[1].replace('Tap("127.0.0.1:9092"', f'Tap("{bootstrap_servers}", topic="{topic}"')
    assert code != found[1]
    called = "asyncio.run(main())"
    return code.replace(called, f'asyncio.run(main(url="{url}/realtime?model=gpt-realtime", api_key="k"))') if (
        name == "openai-agents"
    ) else code + STARTED.get(name, "")  # fmt: skip


async def run(name: str, python: Path, bootstrap_servers: str, unique: str, *, speed: float | None = None) -> None:
    topic = await make_topic(bootstrap_servers, f"docs-{unique}")
    async with provider(speed) as server:
        code = code_of(name, bootstrap_servers, topic, server.url)
        environment = {
            "OPENAI_API_KEY": "k",
            "OPENAI_BASE_URL": "http" + server.url.removeprefix("ws"),
            "REALTIME_URL": server.url + "/realtime",
            "PYTHONPATH": str(ROOT),
            "PATH": "/usr/bin:/bin",
        }
        program = await asyncio.create_subprocess_exec(
            python, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env=environment
        )
        try:
            output, _ = await asyncio.wait_for(program.communicate(), 120)
        finally:
            if program.returncode is None:
                program.kill()
        assert program.returncode == 0, output.decode()[-4_000:]
    copied = await events_in(bootstrap_servers, topic)
    types = [event["type"] for _, _, event in copied]
    assert types[0] == "session.created", output.decode()[-4_000:]
    assert "response.done" in types
    if name != "openai":
        written = [part.get("text") for _, _, event in copied if event["type"] == "conversation.item.added"
                   for part in event["item"].get("content", [])]  # fmt: skip
        assert QUESTION in written


@pytest.mark.parametrize("name", ["openai", "pydantic-ai"])
async def test_the_code_of_the_docs(name: str, bootstrap_servers: str, unique: str) -> None:
    await run(name, Path(sys.executable), bootstrap_servers, unique)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["openai-agents", "livekit", "pipecat"])
async def test_the_code_for_frameworks(name: str, bootstrap_servers: str, unique: str) -> None:
    await run(name, FRAMEWORKS, bootstrap_servers, unique, speed=20)
