"""What the responses cost, by tenant and day: a table of all that is in the topic now.

    python examples/cost_per_tenant.py prices.json

prices.json: model -> dollars for a million tokens, as in
`{"gpt-realtime": {"text_in": 4, "cached_in": 0.4, "audio_in": 32, "text_out": 16, "audio_out": 64}}`.
A response comes out once, so nothing is counted twice; null is not zero, and tokens without a price are told.
"""

import asyncio
import json
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

from topics import Response, subscribe
from topics.models.response import Usage

Prices = dict[str, dict[str, float]]


def tokens(usage: Usage) -> Counter[str]:
    """Tokens by what they are charged as; where a provider does not say what they are, they are text."""
    cached = usage.cached_tokens or 0
    audio_in, audio_out = usage.input_audio_tokens or 0, usage.output_audio_tokens or 0
    cached_audio = min(usage.cached_audio_tokens or 0, audio_in)
    return Counter(
        cached_in=cached,
        audio_in=audio_in - cached_audio,
        text_in=max((usage.input_tokens or 0) - audio_in - (cached - cached_audio), 0),
        audio_out=audio_out,
        text_out=max((usage.output_tokens or 0) - audio_out, 0),
    )


async def main(prices: Prices) -> None:
    dollars: dict[tuple[str, str], float] = defaultdict(float)
    responses: Counter[tuple[str, str]] = Counter()
    unpriced: Counter[str] = Counter()
    async for response in subscribe(Response, until="now"):
        received = response.source.received_at
        day = datetime.fromisoformat(received).astimezone(UTC).date().isoformat() if received else "unknown"
        line = (response.tenant or "-", day)
        responses[line] += 1
        if response.usage is None:
            continue
        price = prices.get(response.model or "")
        if price is None:
            unpriced[response.model or "unknown"] += 1
            continue
        dollars[line] += sum(price[kind] * count for kind, count in tokens(response.usage).items()) / 1_000_000
    print("tenant\tday\tresponses\tdollars")
    for tenant, day in sorted(responses):
        print(tenant, day, responses[tenant, day], f"{dollars[tenant, day]:.6f}", sep="\t")
    for model, count in unpriced.items():
        print(f"{count} responses of model {model} have no price", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else {}))
