"""Ledgers: what must come out, and the check that it did, once each and right.

`pipeline.ledger.sources` reads the outputs to check, from Kafka or from lines of `itemstream process`.
"""

from pipeline.ledger.check import Checker, Delivery, RawOutput, check
from pipeline.ledger.expected import Expected, ledger_lines, read_ledger
from pipeline.ledger.report import Findings, Report

__all__ = [
    "Checker",
    "Delivery",
    "Expected",
    "Findings",
    "RawOutput",
    "Report",
    "check",
    "ledger_lines",
    "read_ledger",
]
