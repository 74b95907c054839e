"""`itemstream ingest relay` that kills itself with -9 and notes what its journal acknowledged.

`python relay_entry.py NOTES PORT_FILE POINT PASSES SENDER_POINT SENDER_PASSES`, settings as JSON on stdin. POINT is a
step of the journal, SENDER_POINT one of the sender's transactions; `-` never kills. NOTES gets a line `session
sequence` for each acknowledged record, PORT_FILE the port it listens on.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.ingest.relay.recorded import unpacked
from pipeline.ingest.relay.run import run_relay
from pipeline.logs import configure_logs
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled


def killer(point: str, passes: int) -> Callable[[str], None]:
    """A fault hook: -9 at the `passes`+1st time the point is passed."""
    left = passes

    def fault(step: str) -> None:
        nonlocal left
        if step == point:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return fault


def main() -> None:
    notes = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    settings = Settings.model_validate_json(sys.stdin.readline())
    configure_logs("info", "json")

    def acknowledged(records: Sequence[bytes]) -> None:
        outputs = [unpacked(record) for record in records]
        lines = [b"%s %s\n" % (output.key, dict(output.headers)["ce_sequence"]) for output in outputs]
        os.write(notes, b"".join(lines))

    def listening(port: int) -> None:
        beside = Path(sys.argv[2] + ".new")
        beside.write_text(str(port))
        beside.replace(sys.argv[2])

    sender = (sys.executable, str(Path(__file__).with_name("sender_entry.py")), *sys.argv[5:7])
    fault = killer(sys.argv[3], int(sys.argv[4]))
    run_until_signalled(
        lambda stop: run_relay(settings, stop, listening, acknowledged=acknowledged, fault=fault, sender=sender)
    )


if __name__ == "__main__":
    main()
