"""The Helm chart, rendered."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.deploy.tools import run, tool

Objects = dict[tuple[str, str], Any]

CHART = "deploy/helm/itemstream"
SECRETS = {f"{part}.kafkaSecret": f"{part}-login" for part in ("worker", "ingest", "relay", "topics", "autoscaling")}
PARTS = ("ingest", "relay", "autoscaling", "serviceMonitor", "prometheusRule")
EVERYTHING = {f"{part}.enabled": "true" for part in PARTS} | {"relay.upstream": "wss://api.openai.com", **SECRETS}
LOGINS: dict[str, dict[str, str]] = {
    "plain": {},
    "tls": {"kafka.securityProtocol": "SSL", "kafka.caSecret": "kafka-ca"},
    "mtls": {"kafka.securityProtocol": "SSL", "kafka.caSecret": "kafka-ca", "kafka.clientCertificates": "true"},
    "locked": {
        "kafka.securityProtocol": "SSL",
        "kafka.clientCertificates": "true",
        "kafka.clientKeyLocked": "true",
    },
    "scram": {"kafka.securityProtocol": "SASL_SSL", "kafka.caSecret": "kafka-ca"},
    "oauth": {
        "kafka.securityProtocol": "SASL_SSL",
        "kafka.saslMechanism": "OAUTHBEARER",
        "kafka.oauth.tokenUrl": "https://login.example/token",
        "kafka.oauth.scope": "kafka",
        "kafka.oauth.caSecret": "login-ca",
    },
}


def helm(command: str, values: Mapping[str, str], ok: bool = True, file: str = "") -> str:
    """What helm prints; `values` are given as `--set`, `file` as a file of values, which has types of its own."""
    given = [part for name, value in values.items() for part in ("--set", f"{name}={value}")]
    given += ["--values", "-"] if file else []
    return run(tool("helm"), *command.split(), CHART, "--kube-version", "1.34.0", *given, text=file or None, ok=ok)


def rendered(values: Mapping[str, str] | None = None, file: str = "") -> Objects:
    """The objects by kind and by the part they are of."""
    found = [one for one in yaml.safe_load_all(helm("template it", values or {}, file=file)) if one]
    return {(one["kind"], one["metadata"]["name"].removeprefix("it-itemstream-")): one for one in found}


def of_everything(kind: str) -> dict[str, Any]:
    """The objects of one kind, of all parts."""
    return {name: one for (found, name), one in rendered(EVERYTHING).items() if found == kind}


def pod_of(made: Any) -> Any:
    return made["spec"]["template"]["spec"]


def environment(made: Any) -> dict[str, str | None]:
    """Of the one container of a workload; None where a value comes from a secret."""
    (container,) = pod_of(made)["containers"]
    return {one["name"]: one.get("value") for one in container["env"]}
