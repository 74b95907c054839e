"""`python -m pipeline.ledger LEDGER OUTPUTS`: hold the lines of `itemstream process` (or `-`) against a ledger file."""

import sys
from pathlib import Path

from rich.console import Console

from pipeline.errors import ItemstreamError
from pipeline.ledger import check, read_ledger
from pipeline.ledger.sources import process_outputs


def main(arguments: list[str]) -> int:
    """Exit code 0 where all is right, 1 where something is not, 2 for wrong use."""
    if len(arguments) != 2:
        print("usage: python -m pipeline.ledger LEDGER OUTPUTS|-", file=sys.stderr)
        return 2
    ledger, outputs = arguments
    try:
        lines = sys.stdin.buffer if outputs == "-" else Path(outputs).open("rb")  # noqa: SIM115 (`with` closes it)
        with lines:
            report = check(read_ledger(Path(ledger)), process_outputs(lines))
    except (ItemstreamError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    Console().print(report)
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
