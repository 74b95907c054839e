"""The container's health: what the worker says on /live. No web server: nothing to ask."""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 4


def main() -> int:
    port = os.environ.get("ITEMSTREAM_WEB_PORT") or "0"
    if port == "0":
        return 0
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=TIMEOUT_SECONDS):
            return 0
    except urllib.error.HTTPError as answer:
        print(answer.read().decode(errors="replace"), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"no answer on port {port}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
