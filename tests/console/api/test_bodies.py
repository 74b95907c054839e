"""How much a request may bring, before anybody is asked who they are."""

from pathlib import Path

from pipeline.console.access.tokens import add_token
from pipeline.console.api.headers import MOST_BODY_BYTES
from tests.console.api.support import client_of, running
from tests.console.api.test_security import settings_of


async def test_a_body_without_end_is_not_kept(tmp_path: Path) -> None:
    add_token(tmp_path / "tokens.json", "anna", "operator")
    settings = settings_of(tmp_path, console_tokens=str(tmp_path / "tokens.json"))
    json = {"Content-Type": "application/json"}
    async with running(settings) as url, client_of(url) as client:
        for path in ("/api/login", "/api/replays"):
            status, told = await client.ask("POST", path, data=b" " * (MOST_BODY_BYTES + 1), headers=json)
            assert (status, "bytes" in told["detail"]) == (413, True), path
            status, _ = await client.ask("POST", path, data=b" " * MOST_BODY_BYTES, headers=json)
            assert status in (401, 422), path
