"""An agent of pydantic-ai, unmodified: it calls its tool by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic_ai import Agent
from pydantic_ai.messages import FunctionToolResultEvent, RealtimeTurnCompleteEvent
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.realtime.openai import OpenAIRealtimeModel

from tests.ingest.clients.talk import PARCEL, PARCEL_STATE, QUESTION, SPOKEN


async def converse(base_url: str, key: str) -> list[str]:
    """Holds the conversation: one session without the tool, one with it, one aloud. Returns what the tool gave."""
    model = OpenAIRealtimeModel("gpt-realtime", provider=OpenAIProvider(base_url=base_url, api_key=key))
    found: list[str] = []

    async def turn(events: AsyncIterator[object]) -> None:
        async for event in events:
            if isinstance(event, FunctionToolResultEvent):
                found.append(str(event.part.content))
            if isinstance(event, RealtimeTurnCompleteEvent):
                return

    plain = Agent(instructions="Be brief.")
    async with plain.realtime(model).session() as session:
        events = aiter(session)
        await session.send(QUESTION)
        await turn(events)
        await session.send_audio(SPOKEN)
        await turn(events)

    helpful = Agent()

    @helpful.tool_plain
    def find_parcel(parcel: str) -> str:  # pyright: ignore[reportUnusedFunction]
        """Where a parcel is."""
        return f"{PARCEL_STATE} ({parcel})"

    async with helpful.realtime(model).session() as session:
        await session.send(PARCEL)
        await turn(aiter(session))
    return found
