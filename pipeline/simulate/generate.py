"""Sessions out of a seed: which dialect, which turns, then the written conversation as collected events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import orjson

from pipeline.ledger import Expected
from pipeline.simulate import timing
from pipeline.simulate.clock import Stamp
from pipeline.simulate.dialect import DIALECTS, Dialect
from pipeline.simulate.faults import Collected, Faults, break_some, repeat_some
from pipeline.simulate.model import SimulatedEvent, SimulatedSession
from pipeline.simulate.scenarios import SCENARIOS
from pipeline.simulate.talk import Entry, Talk
from pipeline.simulate.words import TOOLS

TENANTS = (None, None, "north", "harbour", "Café Zoë")
DEFAULT_START_MS = 1_780_000_000_000
TURNS = (1, 2, 2, 3, 3, 4, 5)


def session(
    seed: int | str,
    number: int,
    dialect: Dialect,
    *,
    start_ms: int = DEFAULT_START_MS,
    bare: bool = False,
    scenarios: Sequence[str] = (),
    faults: Faults | None = None,
) -> SimulatedSession:
    """The session with this number among those of a seed, in a dialect.

    `bare`: as a collector that writes no CloudEvents headers, so that session, sequence and time are the record's
    key, offset and timestamp, and provider and tenant are unknown. `scenarios`: these turns in this order instead of
    drawn ones. `faults`: repeats and broken records to mix in.
    """
    rng = Random(f"{seed}/{number}/{dialect.name}")
    attached_late = rng.random() < 0.03
    session_id = f"late-{number}-" + dialect.ids.session(rng) if attached_late else dialect.ids.session(rng)
    tenant = rng.choice(TENANTS)
    common: dict[str, str | None] = {
        "provider": None if bare else dialect.provider,
        "tenant": None if bare else tenant,
        "provider_session_id": None if attached_late else session_id,
    }
    talk = Talk(
        dialect,
        rng,
        session_id,
        start_ms,
        common,
        spoken=rng.random() < 0.7,
        transcription=rng.random() < 0.9,
        tools=TOOLS if rng.random() < 0.8 else (),
        attached_late=attached_late,
    )
    turns = tuple(scenarios) or _draw(rng, dialect)
    talk.begin()
    for turn in turns:
        SCENARIOS[turn].run(talk)
        talk.wait(timing.PERSON_PAUSE)
    talk.entries.sort(key=_when)
    for _, _, _, effect in talk.entries:
        if effect is not None:
            effect()
    expected = talk.account.lines()
    written: list[Collected] = [(when, orjson.dumps(event), event) for when, _, event, _ in talk.entries]
    if faults is None:
        return SimulatedSession(
            session_id, start_ms, dialect.name, turns, _collect(written, talk, tenant, bare), expected
        )
    written, rejected = break_some(written, faults.bad_ratio, rng)
    expected += [Expected("rejected", session_id, reason=reason) for reason in rejected]
    events = _collect(written, talk, tenant, bare)
    events = repeat_some(events, faults.repeat_ratio, rng)
    return SimulatedSession(session_id, start_ms, dialect.name, turns, events, expected)


def sessions(
    seed: int | str,
    count: int | None,
    dialects: Sequence[str] = (),
    *,
    start_ms: int = DEFAULT_START_MS,
    every_ms: int = 800,
    bare: bool = False,
    scenarios: Sequence[str] = (),
    faults: Faults | None = None,
) -> Iterator[SimulatedSession]:
    """`count` sessions of a seed (without end for None); the n-th begins `n * every_ms` after `start_ms`.

    `dialects`: names out of `DIALECTS`; all where empty. The n-th session is the same whatever the count. Raises
    KeyError for a dialect or scenario that does not exist.
    """
    chosen = [DIALECTS[name] for name in dialects] or list(DIALECTS.values())
    number = 0
    while count is None or number < count:
        dialect = chosen[Random(f"{seed}/{number}").randrange(len(chosen))]
        yield session(
            seed, number, dialect, start_ms=start_ms + number * every_ms, bare=bare, scenarios=scenarios, faults=faults
        )
        number += 1


def _when(entry: Entry) -> tuple[int, int]:
    return entry[0], entry[1]


def _draw(rng: Random, dialect: Dialect) -> tuple[str, ...]:
    names = [name for name, turn in SCENARIOS.items() if turn.feature is None or turn.feature in dialect.features]
    return tuple(rng.choices(names, [SCENARIOS[name].weight for name in names], k=rng.choice(TURNS)))


def _collect(events: list[Collected], talk: Talk, tenant: str | None, bare: bool) -> list[SimulatedEvent]:
    """The events as records of the input topic, with the headers a collector writes."""
    provider = talk.dialect.provider
    session_id = talk.session_id
    if bare:
        return [
            SimulatedEvent(when, session_id, number, None, None, value, [], event is not None)
            for number, (when, value, event) in enumerate(events, 1)
        ]
    fixed: list[tuple[str, bytes]] = [
        ("ce_specversion", b"1.0"),
        ("ce_source", f"/realtime/{provider}/{session_id}".encode()),
        ("ce_sessionid", session_id.encode()),
        ("ce_provider", provider.encode()),
    ]
    if tenant is not None:
        fixed.append(("ce_tenant", tenant.encode()))
    stamp = Stamp()
    out: list[SimulatedEvent] = []
    for number, (when, value, event) in enumerate(events, 1):
        headers = [*fixed, ("ce_sequence", b"%d" % number), ("ce_time", stamp(when))]
        if event is not None:
            headers.append(("ce_id", event["event_id"].encode()))
            headers.append(("ce_type", event["type"].encode()))
        out.append(SimulatedEvent(when, session_id, number, provider, tenant, value, headers, event is not None))
    return out
