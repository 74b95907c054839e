"""The container's health: what the worker says on /live, or what the URL given as argument says.

Without an argument and without a web server there is nothing to ask.
"""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 4


def main(arguments: list[str]) -> int:
    port = os.environ.get("ITEMSTREAM_WEB_PORT") or "0"
    url = arguments[0] if arguments else f"http://127.0.0.1:{port}/live"
    if not arguments and port == "0":
        return 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS):
            return 0
    except urllib.error.HTTPError as answer:
        print(answer.read().decode(errors="replace"), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"no answer from {url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
