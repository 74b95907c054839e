"""The relay's sender, which kills itself with -9: `python sender_entry.py POINT PASSES FOLDER`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from pipeline.ingest.relay.sender import main
from tests.faults.relay.relay_entry import killer

if __name__ == "__main__":
    point, passes = sys.argv[1], int(sys.argv[2])
    del sys.argv[1:3]
    sys.exit(main(killer(point, passes)))
