"""What is wrong with the settings of encryption and login is told before any broker is asked."""

from pathlib import Path

import orjson
import pytest

from pipeline.errors import UsageError
from pipeline.security.oauth import ClientCredentials, TokenError, TokenProvider
from pipeline.settings import Settings
from pipeline.worker.supervisor import settings_json
from tests.security.certificates import Certificates
from tests.security.tokens import SECRET, Issuer


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "u"},
            "SASL_SSL with SCRAM-SHA-512 needs the setting sasl_password: set ITEMSTREAM_SASL_PASSWORD",
        ),
        (
            {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "OAUTHBEARER", "sasl_oauth_client_id": "c"},
            (
                "SASL_PLAINTEXT with OAUTHBEARER needs the setting sasl_oauth_token_url and sasl_oauth_client_secret: "
                "set ITEMSTREAM_SASL_OAUTH_TOKEN_URL and ITEMSTREAM_SASL_OAUTH_CLIENT_SECRET"
            ),
        ),
        ({"security_protocol": "SSL", "ssl_cafile": "/none.pem"}, "setting ssl_cafile: there is no file /none.pem"),
        (
            {"security_protocol": "SSL", "ssl_keyfile": "/none.key"},
            "setting ssl_keyfile is of no use without ssl_certfile: set ITEMSTREAM_SSL_CERTFILE",
        ),
    ],
)
def test_what_is_missing(values: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        Settings.model_validate(values).connection()
    assert str(raised.value) == told


def test_a_file_that_is_no_certificate(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(UsageError, match=f"setting ssl_cafile = {file} is no file of PEM certificates"):
        Settings.model_validate({"security_protocol": "SSL", "ssl_cafile": str(file)}).connection()


def test_a_locked_key_without_its_password_is_an_error_and_no_question(certificates: Certificates) -> None:
    certfile, keyfile = certificates.issue("worker", password="sesame")
    values = {"security_protocol": "SSL", "ssl_certfile": str(certfile), "ssl_keyfile": str(keyfile)}
    with pytest.raises(UsageError, match=r"can't be used: .*ITEMSTREAM_SSL_KEYPASSWORD"):
        Settings.model_validate(values).connection()


def test_a_worker_process_is_told_every_secret() -> None:
    secrets = {name: name[::-1] for name in ("sasl_password", "ssl_keypassword", "sasl_oauth_client_secret")}
    told = orjson.loads(settings_json(Settings.model_validate(secrets)))
    assert {name: told[name] for name in secrets} == secrets


def test_a_secret_is_never_printed() -> None:
    credentials = ClientCredentials("https://login.example/token", "worker", SECRET)
    assert SECRET not in repr(credentials)
    assert SECRET not in repr(Settings.model_validate({"sasl_oauth_client_secret": SECRET}))


async def test_a_token_is_asked_for_again_before_it_ends(certificates: Certificates) -> None:
    issuer = Issuer()
    with issuer.serving(certificates) as url:
        provider = TokenProvider(ClientCredentials(url, "worker", SECRET, cafile=str(certificates.cafile)))
        first = await provider.token()
        assert await provider.token() == first
        issuer.life = 0  # the next one is at its end when it comes
        provider = TokenProvider(ClientCredentials(url, "worker", SECRET, cafile=str(certificates.cafile)))
        await provider.token()
        await provider.token()
    assert issuer.issued == 3


async def test_an_endpoint_that_is_none(certificates: Certificates) -> None:
    cafile = str(certificates.cafile)
    with Issuer().serving(certificates) as url:
        page = url.replace("/token", "/html")
        with pytest.raises(TokenError, match="did not answer with JSON: check sasl_oauth_token_url"):
            await TokenProvider(ClientCredentials(page, "worker", SECRET, cafile=cafile)).token()
        with pytest.raises(TokenError, match=r"does not answer \(.*certificate verify failed.*check .* sasl_oauth_ca"):
            await TokenProvider(ClientCredentials(url, "worker", SECRET)).token()
    with pytest.raises(TokenError, match="does not answer"):
        await TokenProvider(ClientCredentials(url, "worker", SECRET, cafile=cafile)).token()
