"""The official `openai` package, unmodified: the whole conversation over one connection."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from openai import AsyncOpenAI

from tests.ingest.clients.talk import PARCEL, PARCEL_STATE, QUESTION, SPOKEN, TOOL

PARAMETERS = {"type": "object", "properties": {"parcel": {"type": "string"}}, "required": ["parcel"]}
SESSION: dict[str, Any] = {
    "type": "realtime",
    "output_modalities": ["text"],
    "tools": [{"type": "function", "name": TOOL, "description": "Where a parcel is.", "parameters": PARAMETERS}],
    "audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}},
}


async def converse(base_url: str, key: str) -> list[str]:
    """Holds the conversation; returns what the model said, in order. `base_url` is all that is not as usual."""
    client = AsyncOpenAI(api_key=key, base_url=base_url)
    async with client.realtime.connect(model="gpt-realtime") as connection:
        said: list[str] = []

        async def until(event_type: str) -> Any:
            while (event := await connection.recv()).type != event_type:
                assert event.type != "error", event
            return event

        async def answer() -> Any:
            await connection.response.create()
            return (await until("response.done")).response.output[0]

        async def write(text: str) -> None:
            content: Any = [{"type": "input_text", "text": text}]
            await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})

        await until("session.created")
        await connection.session.update(session={**SESSION, "tools": []})  # pyright: ignore[reportArgumentType]
        await write(QUESTION)
        said.append((await answer()).content[0].text)

        await connection.session.update(session=SESSION)  # pyright: ignore[reportArgumentType]
        await write(PARCEL)
        call = await answer()
        assert call.name == TOOL
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": PARCEL_STATE}
        await connection.conversation.item.create(item=output)
        said.append((await answer()).content[0].text)

        aloud: Any = {"type": "realtime", "output_modalities": ["audio"], "tools": []}
        await connection.session.update(session=aloud)
        for start in range(0, len(SPOKEN), 9_600):
            await connection.input_audio_buffer.append(audio=b64encode(SPOKEN[start : start + 9_600]).decode())
        await until("conversation.item.input_audio_transcription.completed")
        said.append((await until("response.done")).response.output[0].content[0].transcript)
        return said
