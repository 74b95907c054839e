"""Who may see and do what, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.console import stream
from pipeline.console.access.sessions import MOST_OF_A_TOKEN, SESSION_SECONDS, BrowserSessions
from pipeline.console.access.tokens import add_token, read_tokens, revoke_token
from pipeline.console.api.page import FOLDER
from pipeline.console.serve import access_of
from pipeline.errors import ItemstreamError, UsageError
from pipeline.settings import Settings
from tests.console.api.support import SECONDS, Client, client_of, running

# No Kafka: who asks is looked at before anything else.
NOWHERE = "127.0.0.1:1"

READING = ("/api/me", "/api/sessions", "/api/tools", "/api/rejected", "/api/replays", "/api/pipeline", "/api/audit")
ACTING = ("/api/rejected/redrive", "/api/replays", "/api/replays/x/cancel", "/api/replays/x/resume")


def settings_of(tmp_path: Path, **changes: Any) -> Settings:
    told = {"bootstrap_servers": NOWHERE, "console_port": 0, "console_store": str(tmp_path / "c.sqlite3")}
    return Settings.model_validate(told | changes)


@pytest.fixture
async def open_console(tmp_path: Path) -> AsyncIterator[Client]:
    """On loopback, asking nobody."""
    async with running(settings_of(tmp_path)) as url, client_of(url) as client:
        yield client


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "tokens.json"
    return {role: add_token(file, f"{role}-anna", role)[0] for role in ("viewer", "operator")}


@pytest.fixture
async def closed_console(tmp_path: Path, tokens: dict[str, str]) -> AsyncIterator[Client]:
    """One that asks for a token."""
    settings = settings_of(tmp_path, console_tokens=str(tmp_path / "tokens.json"))
    async with running(settings) as url, client_of(url) as client:
        yield client


async def test_without_more_one_may_look_and_not_act(open_console: Client) -> None:
    me = await open_console.get("/api/me")
    assert (me["name"], me["role"]) == ("local", "viewer")
    assert me["features"] == {"redrive": False, "replay": False, "raw_events": True}
    for path in ACTING:
        status, told = await open_console.post(path, {"reason": "x", "kind": "difference", "dry_run": True})
        assert (status, "operator" in told["detail"]) == (403, True), path


@pytest.mark.parametrize("path", READING)
async def test_nobody_unknown_is_told_anything(closed_console: Client, path: str) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer itemstream_00000000_nothing"},
        {"Cookie": "itemstream_console=1.9.0"},
    ):
        status, told = await closed_console.ask("GET", path, headers=headers)
        assert (status, told["title"]) == (401, "Unauthorized")


async def test_the_stream_asks_too(closed_console: Client) -> None:
    status, _ = await closed_console.ask("GET", "/api/stream")
    assert status == 401


async def test_a_token_logs_in_and_out(closed_console: Client, tokens: dict[str, str]) -> None:
    status, _ = await closed_console.ask("POST", "/api/login", json={"token": "wrong"})
    assert status == 401
    async with closed_console.http.post(
        f"{closed_console.url}/api/login", json={"token": tokens["operator"]}
    ) as answer:
        assert answer.status == 204
        cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert tokens["operator"] not in cookie
    assert (await closed_console.get("/api/me"))["name"] == "operator-anna"
    status, _ = await closed_console.post("/api/logout")
    assert status == 204
    assert (await closed_console.ask("GET", "/api/me"))[0] == 401


async def test_a_revoked_token_ends_its_sessions_at_once(
    closed_console: Client, tokens: dict[str, str], tmp_path: Path
) -> None:
    await closed_console.ask("POST", "/api/login", json={"token": tokens["viewer"]})
    assert (await closed_console.get("/api/me"))["role"] == "viewer"
    file = tmp_path / "tokens.json"
    (token,) = [one for one in read_tokens(file) if one.role == "viewer"]
    revoke_token(file, token.id)
    assert (await closed_console.ask("GET", "/api/me"))[0] == 401


async def test_a_session_that_logged_out_is_over_for_every_copy_of_its_cookie(
    closed_console: Client, tokens: dict[str, str]
) -> None:
    cookies: list[str] = []
    for _ in range(2):
        async with closed_console.http.post(
            f"{closed_console.url}/api/login", json={"token": tokens["viewer"]}
        ) as answer:
            cookies.append(answer.headers["Set-Cookie"].partition(";")[0])
    assert (await closed_console.post("/api/logout"))[0] == 204
    statuses = [(await closed_console.ask("GET", "/api/me", headers={"Cookie": one}))[0] for one in cookies]
    assert statuses == [200, 401]


def test_sessions_end_and_of_too_many_the_oldest() -> None:
    now = 1_000.0
    sessions = BrowserSessions(lambda: now)
    first, *_, last = [sessions.begin("anna") for _ in range(MOST_OF_A_TOKEN + 1)]
    other = sessions.begin("bert")
    assert [sessions.token_of(one) for one in (first, last, other, "", "made up")] == [None, "anna", "bert", None, None]
    now += SESSION_SECONDS
    assert [sessions.token_of(one) for one in (last, other)] == [None, None]


@pytest.mark.parametrize("by", ["revoking", "logging out"])
async def test_an_open_stream_ends_when_its_listener_may_not_look_any_more(
    closed_console: Client, tokens: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr(stream, "ASK_SECONDS", 0.05)
    await closed_console.ask("POST", "/api/login", json={"token": tokens["viewer"]})
    async with closed_console.stream() as events:
        assert (await anext(events)).name in ("pipeline", "replay")
        if by == "revoking":
            file = tmp_path / "tokens.json"
            revoke_token(file, next(one.id for one in read_tokens(file) if one.role == "viewer"))
        else:
            assert (await closed_console.post("/api/logout"))[0] == 204
        async with asyncio.timeout(SECONDS):
            async for _ in events:
                pass


async def test_a_viewer_of_a_token_may_not_act(closed_console: Client, tokens: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {tokens['viewer']}"}
    _, me = await closed_console.ask("GET", "/api/me", headers=bearer)
    for path in ACTING:
        status, _ = await closed_console.ask(
            "POST",
            path,
            json={"reason": "x", "kind": "difference"},
            headers=bearer | {"X-CSRF-Token": me["csrf_token"]},
        )
        assert status == 403, path


async def test_nothing_is_done_without_the_pages_own_token(closed_console: Client, tokens: dict[str, str]) -> None:
    await closed_console.ask("POST", "/api/login", json={"token": tokens["operator"]})
    for token in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}):
        for path in (*ACTING, "/api/logout"):
            status, told = await closed_console.ask(
                "POST", path, json={"reason": "x", "kind": "difference"}, headers=token
            )
            assert (status, told.get("field")) == (403, "X-CSRF-Token"), path


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
async def test_another_sites_page_does_nothing(
    closed_console: Client, tokens: dict[str, str], headers: dict[str, str]
) -> None:
    status, told = await closed_console.ask("POST", "/api/login", json={"token": tokens["viewer"]}, headers=headers)
    assert (status, told["field"]) == (403, "Origin")


async def test_a_form_of_another_site_is_no_json(closed_console: Client, tokens: dict[str, str]) -> None:
    text = f'{{"token": "{tokens["viewer"]}"}}'
    status, _ = await closed_console.ask("POST", "/api/login", data=text, headers={"Content-Type": "text/plain"})
    assert status == 422


async def test_a_name_that_was_led_here_is_refused(open_console: Client) -> None:
    for path in ("/", "/api/me", "/live"):
        status, told = await open_console.ask("GET", path, headers={"Host": "rebound.example:8090"})
        assert (status, told["field"]) == (421, "Host")
    assert (await open_console.ask("GET", "/api/me", headers={"Host": "localhost:1"}))[0] == 200


async def test_no_other_origin_may_read(open_console: Client) -> None:
    async with open_console.http.get(f"{open_console.url}/api/me", headers={"Origin": "https://a.example"}) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    status, _ = await open_console.ask("OPTIONS", "/api/me", headers={"Origin": "https://a.example"})
    assert status == 405


async def test_answers_tell_browsers_to_be_careful(open_console: Client) -> None:
    async with open_console.http.get(f"{open_console.url}/api/me") as answer:
        headers = answer.headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.skipif(not (FOLDER / "index.html").exists(), reason="the page is not built: make page")
async def test_the_page_runs_no_script_but_its_own(open_console: Client) -> None:
    nonces: set[str] = set()
    for path in ("/", "/sessions/some/deep/link"):
        async with open_console.http.get(open_console.url + path) as answer:
            policy, text = answer.headers["content-security-policy"], await answer.text()
            assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache")
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules["script-src"] == "'self'"
        assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
        nonce = rules["style-src"].partition("'nonce-")[2].rstrip("'")
        assert nonce in text
        nonces.add(nonce)
    assert len(nonces) == 2
    script = next(FOLDER.joinpath("assets").glob("*.js"))
    async with open_console.http.get(f"{open_console.url}/assets/{script.name}") as answer:
        assert "immutable" in answer.headers["cache-control"]
    for path in ("/assets/../index.html", "/assets/%2e%2e/%2e%2e/build.py", "/assets/none.js"):
        assert (await open_console.ask("GET", path))[0] in (200, 404)
        assert "import" not in (await open_console.ask("GET", path))[1][:200]


async def test_a_proxy_says_who_asks_and_nobody_else(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"console_identity_header": "X-User", "console_operators": "anna; bert"}
    async with running(settings_of(tmp_path, **changes)) as url, client_of(url) as client:
        for name, role in (("anna", "operator"), ("carl", "viewer")):
            _, me = await client.ask("GET", "/api/me", headers={"X-User": name})
            assert (me["name"], me["role"]) == (name, role)
        assert (await client.ask("GET", "/api/me"))[0] == 401
        # Two of them: one came from outside.
        assert (await client.ask("GET", "/api/me", headers=[("X-User", "anna"), ("X-User", "carl")]))[0] == 401
    elsewhere = changes | {"console_proxies": "10.0.0.0/8"}
    async with running(settings_of(tmp_path, **elsewhere)) as url, client_of(url) as client:
        told = {"X-User": "anna", "X-Forwarded-For": "10.0.0.1"}
        assert (await client.ask("GET", "/api/me", headers=told))[0] == 401


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"console_host": "0.0.0.0"}, "whoever reaches it could read"),
        ({"console_local_role": "operator", "console_tokens": "x"}, "asks nobody"),
        ({"console_identity_header": "X-User", "console_proxies": "nowhere"}, "console_proxies"),
        ({"console_tokens": "/nowhere/tokens.json"}, "itemstream console tokens add"),
    ],
)
def test_a_console_that_would_be_open_does_not_start(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises((UsageError, ItemstreamError), match=told):
        access_of(settings_of(tmp_path, **changes), 8090)


def test_the_file_keeps_no_token(tmp_path: Path, tokens: dict[str, str]) -> None:
    file = tmp_path / "tokens.json"
    assert file.stat().st_mode & 0o077 == 0
    assert not [token for token in tokens.values() if token in file.read_text()]
