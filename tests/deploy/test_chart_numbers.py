"""Numbers of a values file are floats to Helm's templates: what a container gets is still what was written."""

import pytest
import yaml

from pipeline.settings import Settings
from tests.deploy.chart import EVERYTHING, environment, rendered


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("reject_limit_ratio", "0.25"),
        ("journal_fsync_interval", "0.1"),
        ("progress_limit", "1234567.5"),
        ("max_output_bytes", "16000000"),
        ("session_retention", "7200"),
    ],
)
def test_a_number_keeps_its_decimals_and_has_no_exponent(name: str, given: str) -> None:
    made = rendered(file=f"settings: {{{name}: {given}}}")["Deployment", "worker"]
    text = environment(made)[f"ITEMSTREAM_{name.upper()}"]
    assert text == given
    assert getattr(Settings.model_validate({name: text}), name) == float(given)


def test_large_numbers_have_no_exponent_anywhere() -> None:
    file = yaml.safe_dump(
        {
            "topics": {"partitions": 1_000_000},
            "relay": {"patienceSeconds": 2_000_000, "journal": {"maxBytes": 3_000_000}},
            "autoscaling": {"lagThreshold": 4_000_000, "activationLagThreshold": 5_000_000},
        }
    )
    made = rendered(EVERYTHING, file=file)
    relay = environment(made["StatefulSet", "relay"])
    assert relay["ITEMSTREAM_RELAY_PATIENCE"] == "2000000"
    assert relay["ITEMSTREAM_JOURNAL_MAX_BYTES"] == "3000000"
    (job,) = made["Job", "topics"]["spec"]["template"]["spec"]["containers"]
    assert "--partitions=1000000" in job["args"]
    trigger = made["ScaledObject", "worker"]["spec"]["triggers"][0]["metadata"]
    assert (trigger["lagThreshold"], trigger["activationLagThreshold"]) == ("4000000", "5000000")
