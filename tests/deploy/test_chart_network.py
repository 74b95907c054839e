"""Who reaches what: doors of the network policies, and the one for traces only where traces are sent."""

import pytest
import yaml

from tests.deploy.chart import EVERYTHING, environment, of_everything, rendered

ENDPOINT = "http://otel-collector.monitoring:4318"


def egress(values: dict[str, str], part: str) -> set[int]:
    """The ports that a part may reach."""
    rules = rendered({**EVERYTHING, **values})["NetworkPolicy", part]["spec"]["egress"]
    return {one["port"] for rule in rules for one in rule["ports"]}


def test_metrics_are_for_one_namespace() -> None:
    for part, made in of_everything("NetworkPolicy").items():
        for rule in made["spec"]["ingress"]:
            if 6066 in {one["port"] for one in rule["ports"]}:
                (source,) = rule["from"]
                assert source == {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
                }, part


def test_a_worker_reaches_kafka_and_names_alone_unless_it_traces() -> None:
    assert egress({}, "worker") == {53, 9092}
    assert egress({"otel.endpoint": ENDPOINT}, "worker") == {53, 9092, 4318}
    assert egress({"otel.endpoint": "https://otel.example:443/v1"}, "worker") == {53, 9092, 443}
    assert egress({"otel.endpoint": ENDPOINT}, "ingest") == egress({}, "ingest")


@pytest.mark.parametrize("settings", [{}, {"tracing": False}])
def test_an_endpoint_turns_tracing_on_unless_a_setting_says_otherwise(settings: dict[str, bool]) -> None:
    header = {"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": {"secretKeyRef": {"name": "otel", "key": "headers"}}}
    file = yaml.safe_dump({"otel": {"endpoint": ENDPOINT, "extraEnv": [header]}, "settings": settings})
    worker = rendered(file=file)["Deployment", "worker"]
    (container,) = worker["spec"]["template"]["spec"]["containers"]
    names = [one["name"] for one in container["env"]]
    assert len(names) == len(set(names))
    assert header in container["env"]
    told = environment(worker)
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == ENDPOINT
    assert told["ITEMSTREAM_TRACING"] == ("false" if settings else "true")
    assert not any(name.startswith("OTEL_") for name in environment(rendered()["Deployment", "worker"]))
