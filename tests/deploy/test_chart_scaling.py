"""KEDA scales by lag: with parameters that its scalers have, and not where more workers would not help."""

import json
from typing import Any

import pytest

from pipeline.settings import Settings
from tests.deploy.chart import EVERYTHING, LOGINS, Objects, rendered
from tests.deploy.tools import TOOLS


def scaler(name: str) -> dict[str, dict[str, Any]]:
    """The parameters of one of KEDA's scalers, as its release lists them."""
    file = TOOLS / "schemas" / "scalers.json"
    if not file.is_file():
        pytest.skip("KEDA's list of its scalers is missing; get it with: make deploy-tools")
    (found,) = [one for one in json.loads(file.read_text())["scalers"] if one["type"] == name]
    return {one["name"]: one for one in found["parameters"]}


def trigger_of(made: Objects) -> dict[str, Any]:
    (trigger,) = made["ScaledObject", "worker"]["spec"]["triggers"]
    return trigger


def of_login(made: Objects) -> dict[str, tuple[str, str, str]]:
    """What a TriggerAuthentication gives: by parameter the kind, the name and the key it is from."""
    spec = made["TriggerAuthentication", "kafka"]["spec"] if ("TriggerAuthentication", "kafka") in made else {}
    return {
        one["parameter"]: (kind, one["name"], one["key"])
        for field, kind in (("secretTargetRef", "Secret"), ("configMapTargetRef", "ConfigMap"))
        for one in spec.get(field, ())
    }


@pytest.mark.parametrize("login", LOGINS)
def test_the_scaler_has_every_parameter_where_it_is_given(login: str) -> None:
    made = rendered({**EVERYTHING, **LOGINS[login]})
    trigger, authenticated = trigger_of(made), of_login(made)
    known = scaler(trigger["type"])
    for name, value in trigger["metadata"].items():
        assert known[name].get("metadataVariableReadable"), name
        assert value in known[name].get("allowedValue", [value])
    for name in authenticated:
        assert known[name].get("triggerAuthenticationVariableReadable"), name
    assert ("keyPassword" in authenticated) is (login == "locked")
    if "sasl" in trigger["metadata"]:
        assert authenticated.keys() >= {"username", "password"}


def test_tokens_are_fetched_where_the_values_say() -> None:
    made = rendered({**EVERYTHING, **LOGINS["oauth"]})
    trigger, authenticated = trigger_of(made), of_login(made)
    assert (trigger["type"], trigger["metadata"]["sasl"]) == ("kafka", "oauthbearer")
    assert authenticated["password"] == ("Secret", "autoscaling-login", "client-secret")
    for parameter, expected in (("oauthTokenEndpointUri", "https://login.example/token"), ("scopes", "kafka")):
        kind, name, key = authenticated[parameter]
        assert made[kind, name.removeprefix("it-itemstream-")]["data"][key] == expected
    assert "scopes" not in of_login(rendered({**EVERYTHING, **LOGINS["oauth"], "kafka.oauth.scope": ""}))


@pytest.mark.parametrize("login", LOGINS)
def test_lag_that_more_workers_would_not_move_asks_for_none(login: str) -> None:
    made = rendered({**EVERYTHING, **LOGINS[login]})
    given = trigger_of(made)["metadata"]
    assert (given["excludePersistentLag"], given["limitToPartitionsWithLag"]) == ("true", "true")
    assert given["consumerGroup"] == Settings.model_validate({}).group
    assert made["ScaledObject", "worker"]["spec"]["maxReplicaCount"] <= 6
    assert "replicas" not in made["Deployment", "worker"]["spec"]
