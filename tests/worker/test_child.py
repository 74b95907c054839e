"""A supervised process tells its supervisor, by its exit code, whether another try may help."""

import subprocess
import sys

from pipeline.settings import Settings
from pipeline.worker.child import UNRECOVERABLE
from pipeline.worker.supervisor import settings_json


def test_kafka_that_is_away_may_come_back() -> None:
    settings = Settings.model_validate({"bootstrap_servers": "127.0.0.1:1"})
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.worker.child"],
        input=settings_json(settings) + "\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr.startswith("itemstream: no Kafka broker answers at 127.0.0.1:1;")
    assert done.returncode not in (0, UNRECOVERABLE)
