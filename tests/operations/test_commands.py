"""Every command that docs/runbook.md gives in full does what it says, on a worker that runs."""

import re

import orjson
import pytest

from tests.kafka.support import produce
from tests.observe.support import get, scrape, total, until_true
from tests.operations.operating import RUNBOOK, Operator

pytestmark = pytest.mark.kafka

NAMES_ONLY = {"itemstream export", "itemstream import", "itemstream replay", "itemstream rejected redrive"}
"""Mentioned, not meant to be typed so."""
PROCEDURES = r"^## (Backup|Adding partitions|Moving to another cluster)$.*?(?=^## )"
"""Sections whose commands test_procedures.py types."""
KEPT = ("itemstream export messages --to kept", "itemstream import kept --to messages --same-topic")
SESSION = "sess_1"


def commands() -> list[str]:
    """As one would type them, in the order of the page, each once."""
    page = re.sub(PROCEDURES, "", RUNBOOK.read_text(), flags=re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    inline = [" ".join(found.split()) for found in re.findall(r"`(itemstream [^`…]+)`", page)]
    found = [line for line in (*lines, *inline) if line.startswith("itemstream ") and line not in {*NAMES_ONLY, *KEPT}]
    return list(dict.fromkeys(found))


async def test_every_command_works(operator: Operator) -> None:
    with operator.worker():
        await operator.say([SESSION], range(2))
        await produce(operator.deployed.bootstrap_servers, operator.deployed.input_topic, [(0, b"x", b"no json")])
        await operator.hears([SESSION], 2)
        await until_true(lambda: total(scrape(operator.port), "itemstream_records_rejected_total") == 1)
        assert orjson.loads(get(operator.port, "/status")[1])["settings"]["group"] == operator.deployed.group
        told = {command: await operator.types(command) for command in commands()}
    assert "not_json" in told["itemstream rejected list"]
    assert "as they should be" in told["itemstream topics check"]
    assert "would be deleted" in told[f"itemstream forget {SESSION} sess_2"]
