"""Certificates made for one run: an authority, the broker's, and clients'."""

from __future__ import annotations

from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

HOST = "127.0.0.1"


class Certificates:
    """PEM files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.cafile = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.cafile))
        self.other_cafile = folder / "other-ca.pem"
        trustme.CA().cert_pem.write_to_path(str(self.other_cafile))

    def issue(self, name: str, *, hosts: tuple[str, ...] = (), password: str | None = None) -> tuple[Path, Path]:
        """Certificate and key of `name`, which is its common name; for a server, of `hosts`."""
        made = self._authority.issue_cert(*(hosts or (f"{name}.example",)), common_name=name)
        certfile, keyfile = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certfile.write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
        keyfile.write_bytes(_pkcs8(made.private_key_pem.bytes(), password))
        return certfile, keyfile

    def keystore(self, name: str) -> Path:
        """Key and certificate of a broker on loopback in one file, as Kafka reads PEM."""
        certfile, keyfile = self.issue(name, hosts=(HOST, "localhost"))
        together = self._folder / f"{name}.keystore.pem"
        together.write_bytes(keyfile.read_bytes() + certfile.read_bytes())
        return together


def _pkcs8(pem: bytes, password: str | None) -> bytes:
    """Kafka reads keys in this form only."""
    encryption = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return load_pem_private_key(pem, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
