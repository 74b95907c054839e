"""What tokens cost: a price list that the user gives. None is built in: prices change, and contracts differ.

currency = "USD"

[models."gpt-realtime*"]    # a model's name, or a pattern; the first that fits counts
input_text = 4.0            # for a million tokens, as all of these; what is left out costs nothing
input_audio = 32.0
cached_text = 0.4
cached_audio = 0.4
output_text = 16.0
output_audio = 64.0
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from pipeline.console.models import Usage, UsageRow
from pipeline.console.queries import UsageSum
from pipeline.errors import UsageError

PER = 1_000_000


class Price(BaseModel):
    """Of one model, for a million tokens. Image tokens cost what text does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_text: NonNegativeFloat = 0
    input_audio: NonNegativeFloat = 0
    cached_text: NonNegativeFloat = 0
    cached_audio: NonNegativeFloat = 0
    output_text: NonNegativeFloat = 0
    output_audio: NonNegativeFloat = 0

    def of(self, tokens: UsageSum) -> float:
        """What these tokens cost. Cached tokens are a part of the input's."""
        cached_text = max(tokens.cached_tokens - tokens.cached_audio_tokens, 0)
        input_text = max(tokens.input_tokens - tokens.input_audio_tokens - cached_text, 0)
        input_audio = max(tokens.input_audio_tokens - tokens.cached_audio_tokens, 0)
        output_text = max(tokens.output_tokens - tokens.output_audio_tokens, 0)
        return (
            input_text * self.input_text
            + input_audio * self.input_audio
            + cached_text * self.cached_text
            + tokens.cached_audio_tokens * self.cached_audio
            + output_text * self.output_text
            + tokens.output_audio_tokens * self.output_audio
        ) / PER


class Prices(BaseModel):
    """The price list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str
    models: dict[str, Price]

    def cost(self, tokens: UsageSum) -> float | None:
        """What tokens of one model cost; None where there is no price of it. No tokens cost nothing at any price."""
        if not (tokens.input_tokens or tokens.output_tokens or tokens.total_tokens):
            return 0
        for pattern, price in self.models.items():
            if tokens.model is not None and fnmatchcase(tokens.model, pattern):
                return price.of(tokens)
        return None


def read_prices(path: Path) -> Prices:
    """The price list of a file. Raises UsageError that says what is wrong with it."""
    try:
        return Prices.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"setting console_prices: {path} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"setting console_prices: {path} is not valid TOML: {error}") from error
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(f"setting console_prices: {path}: {where}: {first['msg']}") from wrong


def priced(sums: Iterable[UsageSum], prices: Prices | None, *, by_model: bool) -> Usage:
    """The rows, in the order in which their groups come first. A sum knows what it lacks: a cost is never too low."""
    rows: dict[tuple[str | None, ...], UsageRow] = {}
    unpriced: set[str | None] = set()
    for one in sums:
        model = one.model if by_model else None
        cost = None if prices is None else prices.cost(one)
        lacks = prices is not None and cost is None
        if lacks:
            unpriced.add(one.model)
        row = UsageRow(
            day=one.day,
            tenant=one.tenant,
            model=model,
            responses=one.responses,
            input_tokens=one.input_tokens,
            cached_tokens=one.cached_tokens,
            output_tokens=one.output_tokens,
            input_audio_tokens=one.input_audio_tokens,
            output_audio_tokens=one.output_audio_tokens,
            total_tokens=one.total_tokens,
            cost=cost,
            priced_cost=cost,
            unpriced_responses=one.responses if lacks else 0,
        )
        key = (one.day, one.tenant, model)
        rows[key] = row if key not in rows else _added(rows[key], row)
    return Usage(
        rows=list(rows.values()),
        currency=None if prices is None else prices.currency,
        priced=prices is not None,
        unpriced_models=sorted(unpriced, key=lambda model: (model is None, model or "")),
    )


_SUMMED = (
    "responses",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "total_tokens",
    "unpriced_responses",
)


def _added(row: UsageRow, more: UsageRow) -> UsageRow:
    sums = {name: getattr(row, name) + getattr(more, name) for name in _SUMMED}
    cost = None if row.cost is None or more.cost is None else row.cost + more.cost
    told = [one for one in (row.priced_cost, more.priced_cost) if one is not None]
    return row.model_copy(update={**sums, "cost": cost, "priced_cost": sum(told) if told else None})
