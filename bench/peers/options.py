"""The command line that every program of the benchmark takes."""

from __future__ import annotations

import argparse
import signal
import threading

EXACTLY_ONCE, AT_LEAST_ONCE = "exactly-once", "at-least-once"


def parse() -> argparse.Namespace:
    """`job` pass, raw (with headers): `output` is a topic; core: it is the prefix of the output topics."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--delivery", choices=(EXACTLY_ONCE, AT_LEAST_ONCE), default=EXACTLY_ONCE)
    parser.add_argument("--job", choices=("pass", "raw", "core"), default="pass")
    parser.add_argument("--tuning", choices=("defaults", "throughput", "latency"), default="throughput")
    return parser.parse_args()


def stop_on_sigterm() -> threading.Event:
    """Set when the process is told to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
