"""The Faust agents: take a batch, call the core, hand the result back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pipeline.streaming import Batch


def register(app: Any, channel: Any) -> Any:
    """Add the agents to the app; `channel` brings the batches of the transactional stream."""

    @app.agent(channel, name="items")
    async def items(batches: AsyncIterator[Batch]) -> None:
        async for batch in batches:
            try:
                result = batch.process()
            except Exception as error:
                # The core does not raise for bad input: this is a mistake in it. Nothing of the batch is committed.
                batch.fail(error)
                raise
            batch.hand_back(result)

    return items
