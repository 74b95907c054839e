"""An address tells the provider."""

from types import SimpleNamespace

import pytest

from pipeline.ingest.providers import provider_at
from pipeline.ingest.tap.observing import provider_of


@pytest.mark.parametrize(
    ("host", "target", "provider"),
    [
        ("api.openai.com", "/v1/realtime?model=gpt-realtime", "openai"),
        ("me.openai.azure.com", "/openai/v1/realtime?model=m", "azure-openai"),
        ("me.cognitiveservices.azure.com", "/voice-live/realtime?api-version=1", "azure-voice-live"),
        ("api.x.ai", "/v1/realtime", "xai"),
        ("rest-assistant.api.cloud.yandex.net", "/v1/realtime", "yandex"),
        ("openai.com.example.org", "/v1/realtime", "openai.com.example.org"),
    ],
)
def test_an_address(host: str, target: str, provider: str) -> None:
    assert provider_at(host, target) == provider
    for spelled in (host, f"{host}:8443"):
        request = SimpleNamespace(headers={"Host": spelled}, path=target)
        assert provider_of(SimpleNamespace(request=request)) == provider


@pytest.mark.parametrize("host", ["127.0.0.1:8088", "localhost", "[::1]:8088", None])
def test_this_machine_is_no_provider(host: str | None) -> None:
    headers = {} if host is None else {"Host": host}
    assert provider_of(SimpleNamespace(request=SimpleNamespace(headers=headers, path="/v1/realtime"))) is None
    assert provider_of(object()) is None
