"""`make audit` asks for the page's packages too: npm asks a server here that answers as its registry does."""

import gzip
import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.deploy.test_supply_chain import needs_npm, script

ADVISORY = {
    "id": 1, "url": "https://example.com/GHSA-x", "title": "Runs what it is told", "severity": "high",
    "vulnerable_versions": ">=1.0.0", "cwe": [], "cvss": {"score": 8, "vectorString": None},
}  # fmt: skip


@contextmanager
def registry(answer: dict[str, Any] | None) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """Its address, and what it is asked. answer: by package; None: it takes no such question."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(json.loads(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body))
            told = json.dumps(answer or {}).encode()
            self.send_response(405 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def do_GET(self) -> None:  # a package's versions, to tell which of them are safe
            self.send_error(404)

        def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> Any:
    needs_npm()
    # Neither a proxy nor a registry of the machine's own is asked in place of the one here.
    for name in ("NO_PROXY", "no_proxy", "npm_config_noproxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    return script("audit")


def test_a_vulnerable_package_of_the_page_is_told(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with registry({"tslib": [ADVISORY]}) as (url, asked):
        monkeypatch.setenv("npm_config_registry", url)
        assert audit.tell("package-lock.json", audit.ask_npm()) == 1
    version = next(version for name, version, _ in script("licenses").of_the_page() if name == "tslib")
    assert f"audit: tslib {version}: Runs what it is told (high), https://example.com/GHSA-x" in capsys.readouterr().out
    names = {name for question in asked for name in question}
    assert {"react", "tslib"} <= names
    assert "vite" not in names


def test_a_page_of_sound_packages_is_told(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with registry({}) as (url, _):
        monkeypatch.setenv("npm_config_registry", url)
        assert audit.tell("package-lock.json", audit.ask_npm()) == 0
    assert "none with a known vulnerability" in capsys.readouterr().out


def test_a_database_that_can_not_be_asked_is_told(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with registry(None) as (url, _):
        monkeypatch.setenv("npm_config_registry", url)
        assert audit.tell("package-lock.json", audit.ask_npm()) == 0
    assert "package-lock.json was NOT audited" in capsys.readouterr().out
