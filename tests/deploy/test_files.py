"""Dockerfile and docker-compose.yml are valid and agree with each other and with the settings."""

import sys
from pathlib import Path
from typing import Any

import yaml

from pipeline.cli.main import COMMANDS
from pipeline.ingest.relay.run import FINISH_SECONDS
from pipeline.settings import Settings, variable_of
from tests.deploy.dockerfile import read_dockerfile
from tests.deploy.tools import ROOT, run, tool

COMPOSE = "docker-compose.yml"


def services() -> dict[str, Any]:
    return yaml.safe_load((ROOT / COMPOSE).read_text())["services"]


def test_the_dockerfile_has_nothing_a_linter_knows_better() -> None:
    assert run(Path(sys.executable).parent / "hadolint", "deploy/Dockerfile") == ""


def test_the_image_runs_as_nobody_and_its_last_stage_is_the_worker() -> None:
    stages = read_dockerfile(ROOT / "deploy" / "Dockerfile")
    *_, last = stages.values()
    assert (last.name, last.user) == ("worker", "10001:10001")
    assert (last.entrypoint, last.command) == (["itemstream"], ["worker"])


def test_compose_is_valid_by_the_loader_of_docker_compose() -> None:
    told = yaml.safe_load(run(tool("compose-go"), COMPOSE))
    assert told["services"].keys() == services().keys()
    assert {name: one["profiles"] for name, one in told["services"].items() if "profiles" in one} == {
        "relay": ["relay"]
    }


def test_services_are_commands_with_settings_that_exist() -> None:
    known = {variable_of(name) for name in Settings.model_fields}
    ours = {name: told for name, told in services().items() if told.get("image") == "itemstream"}
    assert ours.keys() == {"topics", "worker", "keys", "ingest", "relay"}
    for name, told in ours.items():
        assert {one for one in told["environment"] if not one.startswith("OTEL_")} <= known, name
        assert told["read_only"] is True
        if "entrypoint" not in told:
            assert told["command"][0] in {command.name for command in COMMANDS}


def test_the_worker_traces_only_where_an_endpoint_is_set() -> None:
    given = services()["worker"]["environment"]
    # With no value: compose passes the variable on where it is set, and has none otherwise.
    assert (given["OTEL_EXPORTER_OTLP_ENDPOINT"], given["OTEL_EXPORTER_OTLP_HEADERS"]) == (None, None)
    assert given["ITEMSTREAM_TRACING"] == "${OTEL_EXPORTER_OTLP_ENDPOINT:+true}"
    loaded = yaml.safe_load(run(tool("compose-go"), COMPOSE))["services"]["worker"]["environment"]
    assert (loaded["ITEMSTREAM_TRACING"], loaded["OTEL_EXPORTER_OTLP_ENDPOINT"]) == ("", None)


def test_what_is_mounted_is_there() -> None:
    mounted = [
        volume.partition(":")[0]
        for told in services().values()
        for volume in told.get("volumes", ())
        if volume[0] == "."
    ]
    assert mounted
    assert [path for path in mounted if not (ROOT / path).exists()] == []


def test_compose_scrapes_every_service_with_metrics() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "compose" / "prometheus.yml").read_text())
    static, looked_up = config["scrape_configs"]
    (targets,) = static["static_configs"]
    (names,) = looked_up["dns_sd_configs"]
    scraped = {target: name for name in names["names"] for target in [f"{name}:{names['port']}"]}
    asked = {*targets["targets"], *scraped}
    served = {name: told["environment"].get("ITEMSTREAM_WEB_PORT") for name, told in services().items()
              if told.get("image") == "itemstream"}  # fmt: skip
    assert asked == {f"{name}:{port}" for name, port in served.items() if port}


def test_a_relay_that_is_stopped_has_time_for_its_calls_and_its_journal() -> None:
    seconds = float(services()["relay"]["stop_grace_period"].removesuffix("s"))
    assert seconds > Settings.model_validate({}).relay_patience + FINISH_SECONDS


def test_a_worker_that_is_stopped_has_time_for_its_largest_transaction() -> None:
    seconds = float(services()["worker"]["stop_grace_period"].removesuffix("s"))
    assert seconds > Settings.model_validate({}).transaction_timeout_ms / 1000
