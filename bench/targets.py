"""What the product is held to: ratios within one run, and latencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

Medians = Mapping[tuple[str, str], float]
"""Records per second by (input, program)."""


@dataclass(frozen=True)
class Target:
    """`of` divided by `over` must be at least `least`; without `over` it is a plain figure."""

    text: str
    of: tuple[str, str]
    over: tuple[str, str] | None
    least: float


@dataclass(frozen=True)
class Limit:
    """A percentile in milliseconds that must not be exceeded."""

    text: str
    program: str
    percentile: str
    most: float
    digits: int = 1
    """Behind the point, of what was found."""


class Verdict(NamedTuple):
    """One line of the table. `met` is None where nothing was measured."""

    text: str
    wanted: str
    found: str
    met: bool | None


_PASS, _RAW, _MIX, _ITEMS = "pass", "raw", "mix", "items"

TARGETS: tuple[Target, ...] = (
    Target("pass-through exactly once / confluent-kafka", (_PASS, "itemstream-eo"), (_PASS, "confluent-eo"), 1.0),
    Target("pass-through exactly once / Quix Streams", (_PASS, "itemstream-eo"), (_PASS, "quix-eo"), 2.0),
    Target("pass-through exactly once / Kafka Streams", (_PASS, "itemstream-eo"), (_PASS, "streams-eo"), 0.8),
    Target("pass-through at least once / confluent-kafka", (_PASS, "itemstream-alo"), (_PASS, "confluent-alo"), 1.0),
    Target(
        "the job on the mix / own pass-through of the same events, headers carried",
        (_MIX, "itemstream-eo"), (_RAW, "itemstream-eo"), 0.8,
    ),
    Target(
        "the job on the mix / own pass-through of records half as long, without headers",
        (_MIX, "itemstream-eo"), (_PASS, "itemstream-eo"), 0.8,
    ),
    Target("items only, records/s", (_ITEMS, "itemstream-eo"), None, 25_000),
    Target("items only / own pass-through", (_ITEMS, "itemstream-eo"), (_PASS, "itemstream-eo"), 0.25),
    Target(
        "items only / own pass-through of the mix's events",
        (_ITEMS, "itemstream-eo"), (_RAW, "itemstream-eo"), 0.25,
    ),
    Target("items only with the compiled core, records/s", (_ITEMS, "compiled-eo"), None, 25_000),
    Target(
        "items only with the compiled core / own pass-through of the mix's events",
        (_ITEMS, "compiled-eo"), (_RAW, "itemstream-eo"), 0.25,
    ),
    Target(
        "the mix with the compiled core / own pass-through of the same events",
        (_MIX, "compiled-eo"), (_RAW, "itemstream-eo"), 0.8,
    ),
    Target("exactly once / at least once, pass-through", (_PASS, "itemstream-eo"), (_PASS, "itemstream-alo"), 0.7),
    Target("exactly once / at least once, the mix", (_MIX, "itemstream-eo"), (_MIX, "itemstream-alo"), 0.7),
    Target("exactly once / at least once, items only", (_ITEMS, "itemstream-eo"), (_ITEMS, "itemstream-alo"), 0.7),
)  # fmt: skip
LIMITS: tuple[Limit, ...] = (
    Limit("latency exactly once, p50", "itemstream-eo", "p50", 15),
    Limit("latency exactly once, p99", "itemstream-eo", "p99", 60),
    Limit("latency at least once, p99", "itemstream-alo", "p99", 25),
)
RELAY_LIMITS: tuple[Limit, ...] = tuple(
    Limit(f"added to {how}, {percentile}", way, percentile, most, 2)
    for how, way in (
        ("a frame from caller to provider", "caller to provider"),
        ("a frame from provider to caller", "provider to caller"),
        ("a round trip, which passes twice", "round trip"),
    )
    for percentile, most in (("p50", 0.3), ("p99", 2))
)
"""What the relay may add to a direct connection: to one passage, and, the harder reading, to both of a round trip."""


def relay_verdicts(added: Mapping[str, Mapping[str, float]]) -> list[Verdict]:
    """added: way → percentile → milliseconds more than a direct connection takes."""
    return [_latency(limit, added) for limit in RELAY_LIMITS]


def verdicts(medians: Medians, latencies: Mapping[str, Mapping[str, float]]) -> list[Verdict]:
    """Every target held against what was measured; those without a measurement say so."""
    return [*(_ratio(target, medians) for target in TARGETS), *(_latency(limit, latencies) for limit in LIMITS)]


def _ratio(target: Target, medians: Medians) -> Verdict:
    own = medians.get(target.of)
    other = medians.get(target.over) if target.over else 1.0
    wanted = f"≥ {target.least:g}" if target.over else f"≥ {target.least:,.0f}"
    if own is None or other is None:
        return Verdict(target.text, wanted, "not measured", None)
    value = own / other
    return Verdict(target.text, wanted, f"{value:.2f}" if target.over else f"{value:,.0f}", value >= target.least)


def _latency(limit: Limit, latencies: Mapping[str, Mapping[str, float]]) -> Verdict:
    found = latencies.get(limit.program)
    wanted = f"≤ {limit.most:g} ms"
    if found is None:
        return Verdict(limit.text, wanted, "not measured", None)
    value = found[limit.percentile]
    return Verdict(limit.text, wanted, f"{value:.{limit.digits}f} ms", value <= limit.most)
