"""A token endpoint on loopback that signs what it issues, and the keys by which Kafka believes it."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
import urllib.parse
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.security.certificates import HOST, Certificates

ISSUER = "https://login.example"
SECRET = "s%cr+t: äöü"
"""With characters that the form encoding of RFC 6749 is there for."""


class Issuer:
    """Signs tokens. `issued` counts them; `life` is their time in seconds; `audience` whom they are for."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.issued = 0
        self.life = 300
        self.audience = "kafka"
        self.asked: list[dict[str, str]] = []

    def write_jwks(self, file: Path) -> Path:
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": _number(numbers.n), "e": _number(numbers.e)}
        file.write_text(json.dumps({"keys": [key]}))
        return file

    def token(self, subject: str) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER, "sub": subject, "aud": self.audience, "iat": now, "exp": now + 1 + self.life,
            "scope": "kafka",
        }  # fmt: skip
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "1"}, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        self.issued += 1
        return f"{signed}.{_encoded(signature)}"

    @contextmanager
    def serving(self, certificates: Certificates) -> Generator[str]:
        """The URL of the endpoint, by HTTPS. The client id is the user; there is one secret for all."""
        server = ThreadingHTTPServer((HOST, 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates.issue("tokens", hosts=(HOST,)))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"https://{HOST}:{server.server_port}/token"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            issuer.asked.append(form)
            kind, _, encoded = (self.headers["Authorization"] or "").partition(" ")
            user, _, secret = base64.b64decode(encoded).decode().partition(":")
            if self.path == "/html":
                self._answer(200, b"<html>")
            elif kind != "Basic" or urllib.parse.unquote_plus(secret) != SECRET:
                self._answer(401, json.dumps({"error": "invalid_client"}).encode())
            else:
                token = issuer.token(urllib.parse.unquote_plus(user))
                told = {"access_token": token, "token_type": "Bearer", "expires_in": issuer.life}
                self._answer(200, json.dumps(told).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...

    return Handler


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
