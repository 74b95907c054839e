"""What every fault run shares: load, workers, reader, reference, verdict, results.

A fault brings a `Scenario`; `runner.run` plays it and hands back a `Result`.
"""

from tests.faults.harness.runner import run
from tests.faults.harness.scenario import Fault, Run, Scenario

__all__ = ["Fault", "Run", "Scenario", "run"]
