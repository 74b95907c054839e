"""`itemstream ingest keys …`."""

import re
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.ingest.keys import KeyStore


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ITEMSTREAM_INGEST_KEYS", "keys.json")
    return tmp_path / "keys.json"


def test_the_life_of_a_key(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*args: str) -> tuple[str, str]:
        assert main(["ingest", "keys", *args]) == 0
        told = capsys.readouterr()
        return told.out, told.err

    def tenants(*tokens: str) -> list[str | None]:
        store = KeyStore(file)
        return [caller.tenant if (caller := store.caller(token)) else None for token in tokens]

    out, told = run("add", "acme", "--days", "1")
    first = out.strip()
    found = re.fullmatch(r"key ([0-9a-f]{8}) of acme; it is not shown again\n", told)
    assert found is not None
    out, _ = run("rotate", found[1], "--hours", "2")
    second = out.strip()
    run("limit", "acme", "--events-per-second", "20", "--connections", "3")
    shown, _ = run("list")
    assert first not in shown
    assert len(re.findall(r"acme +\d{4}-\d\d-\d\d", shown)) == 2
    assert "acme: events_per_second 20, connections 3" in shown
    assert tenants(first, second) == ["acme", "acme"]
    assert run("revoke", found[1]) == (f"key {found[1]} of acme is revoked\n", "")
    assert tenants(first, second) == [None, "acme"]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("list",), 1, "there is no key file keys.json; make one with: itemstream ingest keys add TENANT"),
        (("add", "a/b"), 2, "tenant 'a/b': 1 to 200 letters"),
        (("rotate", "x"), 1, "there is no key file"),
    ],
)
def test_wrong_use(args: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "keys", *args]) == code
    assert message in capsys.readouterr().err
