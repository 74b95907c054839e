"""Bearer keys and tenants' limits."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ItemstreamError, UsageError
from pipeline.ingest.access import Access, AccessDenied
from pipeline.ingest.keys import KeyStore, add_key, read_keys, revoke_key, rotate_key, set_limits
from pipeline.ingest.limits import Account, Limits, TooManyConnections


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def tenant(store: KeyStore, token: str) -> str | None:
    caller = store.caller(token)
    return caller.tenant if caller else None


def test_only_a_hash_is_kept_and_only_the_owner_reads_it(file: Path) -> None:
    token, key = add_key(file, "acme")
    assert token not in file.read_text()
    assert token.split("_", 2)[2] not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token.startswith(f"itemstream_{key.id}_")
    assert list(file.parent.iterdir()) == [file]


def test_changes_are_seen_without_a_restart(file: Path) -> None:
    first, key = add_key(file, "acme")
    store = KeyStore(file)
    assert tenant(store, first) == "acme"
    second, _ = rotate_key(file, key.id, timedelta(hours=1))
    assert [tenant(store, token) for token in (first, second)] == ["acme", "acme"]
    revoke_key(file, key.id)
    assert [tenant(store, token) for token in (first, second)] == [None, "acme"]
    other, _ = add_key(file, "umbrella")
    assert tenant(store, other) == "umbrella"
    assert tenant(store, "") is None


def test_a_rotated_key_ends(file: Path) -> None:
    first, key = add_key(file, "acme")
    second, _ = rotate_key(file, key.id, timedelta(hours=1))
    ends = next(one.expires for one in read_keys(file).keys if one.id == key.id)
    assert ends is not None
    for clock, expected in ((ends.timestamp() - 1, "acme"), (ends.timestamp(), None)):
        store = KeyStore(file, clock=lambda clock=clock: clock)
        assert tenant(store, first) == expected
        assert tenant(store, second) == "acme"
    rotate_key(file, key.id, timedelta(days=9))
    assert next(one.expires for one in read_keys(file).keys if one.id == key.id) == ends, "a key never lives longer"


@pytest.mark.parametrize("broken", [b"", b"{", b'{"version":2}', b'{"keys":[{"id":"x"}]}'])
def test_the_last_good_file_stands(file: Path, broken: bytes, caplog: pytest.LogCaptureFixture) -> None:
    token, _ = add_key(file, "acme")
    store = KeyStore(file)
    file.write_bytes(broken)
    assert tenant(store, token) == "acme"
    assert "the keys read before stay in force" in caplog.text
    file.unlink()
    assert tenant(store, token) == "acme"
    again, _ = add_key(file, "acme")
    assert [tenant(store, one) for one in (token, again)] == [None, "acme"]


def test_wrong_use(file: Path) -> None:
    with pytest.raises(ItemstreamError, match="there is no key file"):
        KeyStore(file)
    with pytest.raises(ItemstreamError, match="there is no key file"):
        revoke_key(file, "x")
    with pytest.raises(UsageError, match="tenant 'a b'"):
        add_key(file, "a b")
    assert not file.exists()
    add_key(file, "a")
    with pytest.raises(UsageError, match="there is no key nope"):
        revoke_key(file, "nope")


def test_limits_of_a_tenant_go_over_the_defaults(file: Path) -> None:
    token, _ = add_key(file, "acme")
    access = Access(KeyStore(file), Limits(connections=3, max_event_bytes=100))
    assert access.caller(f"Bearer {token}").limits == Limits(connections=3, max_event_bytes=100)
    set_limits(file, "acme", Limits(connections=1))
    caller = access.caller(f"bearer  {token}")
    assert (caller.tenant, caller.limits) == ("acme", Limits(connections=1, max_event_bytes=100))
    with access.connection(caller), pytest.raises(TooManyConnections), access.connection(caller):
        pass
    with access.connection(caller):
        pass


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer nope"])
def test_without_a_key(file: Path, header: str | None) -> None:
    add_key(file, "acme")
    with pytest.raises(AccessDenied):
        Access(KeyStore(file), Limits()).caller(header)
    assert Access(None, Limits(connections=2)).caller(header) == (None, None, Limits(connections=2))


def test_a_large_batch_passes_and_is_paid_for() -> None:
    account, limits = Account(), Limits(events_per_second=10)
    assert account.admit(limits, 0.0, events=40, size=1) == 0
    assert account.admit(limits, 0.0, events=1, size=1) == pytest.approx(3)
    assert account.admit(limits, 2.9, events=1, size=1) == pytest.approx(0.1)
    assert account.admit(limits, 3.1, events=1, size=1) == 0


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(1, 30), st.integers(1, 5000)), max_size=60))
def test_no_more_than_the_rate_is_let_in(requests) -> None:
    account, limits = Account(), Limits(events_per_second=20, bytes_per_second=3000)
    now, events, size = 0.0, 0, 0
    last = (0, 0)
    for pause, count, of_bytes in requests:
        now += pause
        if account.admit(limits, now, events=count, size=of_bytes) == 0:
            events, size, last = events + count, size + of_bytes, (count, of_bytes)
    # One second's worth is there at the start, and the last batch may be on credit.
    assert events - last[0] <= 20 * (now + 1) + 1e-6
    assert size - last[1] <= 3000 * (now + 1) + 1e-6
