"""The page: the files that `make page` built, and for every other address the page itself, which finds its way."""

from __future__ import annotations

import mimetypes
import secrets
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

FOLDER = Path(__file__).parents[1] / "page" / "dist"
NONCE = "__CSP_NONCE__"
NOT_BUILT = "The console's page is not built: run `make page`, or install a release. The API is at /api/openapi.json.\n"
FOR_EVER = "public, max-age=31536000, immutable"


class Page:
    """The files of a folder, known by name from the start: no path leads out of it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
        index = self._files.pop("index.html", None)
        self._index = None if index is None else index.read_text(encoding="utf-8")

    @property
    def is_built(self) -> bool:
        """Whether there is a page."""
        return self._index is not None

    async def answer(self, request: Request) -> Response:
        """Answer a GET for anything that is not the API's."""
        name = request.url.path.removeprefix("/")
        if (file := self._files.get(name)) is not None:
            # Names in `assets/` hold a digest of what is in them.
            cached = FOR_EVER if name.startswith("assets/") else "no-cache"
            return FileResponse(file, media_type=_media_type(name), headers={"cache-control": cached})
        if self._index is None:
            return PlainTextResponse(NOT_BUILT, 404)
        if name.startswith("assets/"):
            return PlainTextResponse("There is no such file: the page was built anew, load it again.\n", 404)
        nonce = secrets.token_urlsafe(16)
        headers = {"content-security-policy": _policy(nonce), "cache-control": "no-cache"}
        return HTMLResponse(self._index.replace(NONCE, nonce), headers=headers)


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; "
        "img-src 'self' data:; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
