"""What a batch and the sessions hold in memory, seen from outside: allocators give back less than Python lets go of."""

import subprocess
import sys
from pathlib import Path

import pytest

STATM = Path("/proc/self/statm")
BATCHES = """\
import resource
from pathlib import Path

import orjson

from pipeline.core import CoreSettings, Partition
from tests.core.test_cost import Record, item

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

core = Partition(CoreSettings())
batches = [
    [Record(orjson.dumps(item(number)), number, b"session-%d" % number) for number in range(start, start + 500)]
    for start in range(0, 10_000, 500)
]
before = resident()
results = [core.process(batch) for batch in batches]
print((resident() - before) / sum(len(result.changes) for result in results))
"""


@pytest.mark.skipif(not STATM.exists(), reason="Linux tells how much memory is resident")
def test_what_waits_for_its_commit_is_held_in_no_more_than_it_has():
    # The batch's outputs and the sessions themselves are in it too: about 2 KiB for each change.
    told = subprocess.run([sys.executable, "-c", BATCHES], capture_output=True, text=True, check=True)
    assert float(told.stdout) < 4_000
