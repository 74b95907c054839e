"""The Helm chart: valid for Kubernetes, KEDA and the Prometheus operator by their schemas, and true to the worker."""

import json
import re
from pathlib import Path

import pytest
import yaml

from pipeline.ingest.relay.run import FINISH_SECONDS
from pipeline.settings import NO_FLAG, Settings, variable_of
from tests.deploy.chart import CHART, EVERYTHING, LOGINS, SECRETS, environment, helm, of_everything, pod_of, rendered
from tests.deploy.tools import ROOT, TOOLS, run, tool


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("parts", [{}, EVERYTHING], ids=["default", "everything"])
def test_it_is_valid_by_the_schemas_of_all_it_makes(login: str, parts: dict[str, str]) -> None:
    values = {**SECRETS, **parts, **LOGINS[login]}
    assert "0 chart(s) failed" in helm("lint --strict", values)
    location = f"{TOOLS / 'schemas'}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    told = run(
        tool("kubeconform"), "-strict", "-summary", "-schema-location", location, text=helm("template it", values)
    )
    assert "Invalid: 0, Errors: 0, Skipped: 0" in told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"worker.replica": "3"}, "replica"),
        ({"kafka.securityProtocol": "TLS"}, "securityProtocol"),
        ({"kafka.bootstrapServers": "kafka"}, "bootstrapServers"),
        ({"settings.sasl_password": "mine"}, "sasl_password"),
        ({"settings.delivery": "twice"}, "delivery"),
        ({"kafka.securityProtocol": "SASL_SSL"}, "kafkaSecret is needed"),
        ({"autoscaling.enabled": "true", "autoscaling.maxReplicas": "7"}, "more than topics.partitions"),
        ({"image.digest": "sha256:1"}, "digest"),
        ({"relay.enabled": "true"}, "relay.upstream is needed"),
        ({"relay.upstream": "https://api.openai.com"}, "upstream"),
        ({"relay.journal.size": "large"}, "size"),
        ({"settings.relay_port": "1"}, "relay_port"),
        ({"settings.reject_limit_raito": "1"}, "reject_limit_raito"),
        ({"otel.endpoint": "http://otel"}, "endpoint"),
        ({"otel.extraEnv[0].name": "PATH", "otel.extraEnv[0].value": "/x"}, "otel"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, str], told: str) -> None:
    assert told in helm("template it", values, ok=False)


@pytest.mark.parametrize("login", LOGINS)
def test_every_variable_is_a_setting_and_secrets_come_from_secrets(login: str) -> None:
    known = {variable_of(name): field for name, field in Settings.model_fields.items()}
    for (kind, part), made in rendered({**EVERYTHING, **LOGINS[login]}).items():
        if kind not in {"Deployment", "StatefulSet", "Job"}:
            continue
        pod = made["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        for variable in container["env"]:
            field = known[variable["name"]]
            if field.json_schema_extra == NO_FLAG:
                assert variable["valueFrom"]["secretKeyRef"]["name"] == f"{part}-login"
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["enableServiceLinks"] is False
        mounted = {mount["name"] for mount in container["volumeMounts"]}
        claims = {one["metadata"]["name"] for one in made["spec"].get("volumeClaimTemplates", ())}
        assert mounted == {volume["name"] for volume in pod["volumes"]} | claims


# Values of their own have these, or secrets, or another program.
OWN = re.compile(
    "sasl_|ssl_|security_|bootstrap_|web_|console_|upstream$|relay_(port|patience)|journal_(dir|max_bytes)"
    "|ingest_(host|port|keys|tls)"
)


def test_the_schema_has_the_name_of_every_setting() -> None:
    schema = json.loads((ROOT / CHART / "values.schema.json").read_text())
    names = [name for name in Settings.model_fields if not OWN.match(name)]
    assert schema["properties"]["settings"]["propertyNames"]["enum"] == names, "write them into values.schema.json"


def test_the_given_values_are_the_settings_own_defaults() -> None:
    given = yaml.safe_load(run(tool("helm"), "show", "values", CHART))["settings"]
    defaults = Settings.model_validate({})
    assert given == {name: getattr(defaults, name) for name in given}


@pytest.mark.parametrize("milliseconds", [60_000, 300_000])
def test_a_worker_has_time_for_its_longest_transaction(milliseconds: int) -> None:
    worker = rendered({"settings.transaction_timeout_ms": str(milliseconds)})["Deployment", "worker"]
    assert pod_of(worker)["terminationGracePeriodSeconds"] > milliseconds / 1000
    assert environment(worker)["ITEMSTREAM_TRANSACTION_TIMEOUT_MS"] == str(milliseconds)


@pytest.mark.parametrize("patience", [0, 30, 600])
def test_a_relay_keeps_its_journal_and_has_time_for_its_calls(patience: int) -> None:
    values = {"relay.enabled": "true", "relay.upstream": "wss://x.example", "relay.patienceSeconds": str(patience)}
    made = rendered(values)["StatefulSet", "relay"]
    relay, pod, env = made["spec"], pod_of(made), environment(made)
    assert pod["terminationGracePeriodSeconds"] > patience + FINISH_SECONDS
    assert env["ITEMSTREAM_RELAY_PATIENCE"] == str(patience)
    mount = next(one for one in pod["containers"][0]["volumeMounts"] if one["name"] == "journal")
    assert Path(env["ITEMSTREAM_JOURNAL_DIR"] or "").is_relative_to(mount["mountPath"])
    assert relay["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert int(env["ITEMSTREAM_JOURNAL_MAX_BYTES"] or 0) < 2 << 30
    assert relay["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "2Gi"


def test_prometheus_reaches_every_part_that_has_metrics() -> None:
    pods = {**of_everything("Deployment"), **of_everything("StatefulSet")}
    monitors, policies, services = map(of_everything, ("ServiceMonitor", "NetworkPolicy", "Service"))
    assert pods.keys() == monitors.keys() == {"worker", "ingest", "relay"}
    for part, made in pods.items():
        (container,) = made["spec"]["template"]["spec"]["containers"]
        (port,) = [one["containerPort"] for one in container["ports"] if one["name"] == "web"]
        assert environment(made)["ITEMSTREAM_WEB_PORT"] == str(port)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] == "web"
        rules = policies[part]["spec"]["ingress"]
        assert port in {one["port"] for rule in rules for one in rule["ports"]}
        service = services[f"{part}-web"]
        assert service["spec"]["ports"] == [{"name": "web", "port": port, "targetPort": "web"}]
        assert service["spec"]["selector"].items() <= made["spec"]["template"]["metadata"]["labels"].items()
        selector = monitors[part]["spec"]["selector"]["matchLabels"]
        assert selector.items() <= service["metadata"]["labels"].items()


def test_the_alert_rules_are_those_of_prometheus() -> None:
    rules = of_everything("PrometheusRule")["alerts"]["spec"]
    assert rules == yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text()), "make dashboards"


def test_alerts_link_to_the_runbook_where_it_is_read() -> None:
    page = "https://git.example/itemstream/docs/runbook.md"
    made = rendered({"prometheusRule.enabled": "true", "prometheusRule.runbookUrl": page})["PrometheusRule", "alerts"]
    for group in made["spec"]["groups"]:
        for alert in group["rules"]:
            assert alert["annotations"]["runbook_url"] == f"{page}#{alert['alert'].lower()}"
            assert "runbook" not in alert["annotations"]
