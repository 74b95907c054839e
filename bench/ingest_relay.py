"""What the relay costs: latency beside a direct connection, events a second, connections; in one run.

    python -m bench.ingest_relay [--connections N] [--rate R] [--seconds S] [--rounds R] [--many N] [--write]

A real relay with its journal and sender, a real Kafka, a provider that answers each 40 ms of audio with as much, and
callers: four processes and Kafka. Callers have N connections to the provider itself and N to the relay, and use them in
turn, so that a slow moment hits both. A frame passes the relay once each way, a round trip twice. --write: into
docs/relay.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.relay_ends import WAYS
from bench.stats import percentile
from bench.tables import replaced, verdict_table
from bench.targets import relay_verdicts
from pipeline.kafka import EmbeddedKafka
from pipeline.kafka.probe import free_ports

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "relay.md"
ENDS = (sys.executable, "-m", "bench.relay_ends")
SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
TICK = os.sysconf("SC_CLK_TCK")
NICENESS, KAFKA_NICENESS = -15, 10
"""What is measured goes before what else the machine does, where that is allowed (root)."""
TOPIC = "bench-server-events"


class Callers:
    """The callers' process."""

    def __init__(self, held: ExitStack, ports: list[int], connections: int) -> None:
        command = [*ENDS, "callers", "--connections", str(connections), "--ports", *map(str, ports)]
        self._process = _child(held, command, stdin=subprocess.PIPE)
        assert self._line() == "ready"

    def do(self, order: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _child(held: ExitStack, command: list[str], **options: Any) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, start_new_session=True, **options)
    give_way(process.pid, NICENESS)

    def end() -> None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()

    held.callback(end)
    return process


def give_way(pid: int, niceness: int) -> None:
    """Set how much a process leaves to others, where that is allowed."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        # Linux shares time between sessions first, and then within each.
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    line = next(one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def relay(held: ExitStack, servers: str, provider: int, port: int, folder: str) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "pipeline.cli.main", "ingest", "relay", "--upstream", f"ws://127.0.0.1:{provider}",
        "--relay-port", str(port), "--journal-dir", folder, "--bootstrap-servers", servers, "--input-topic", TOPIC,
        "--ingest-max-connections", "20000", "--relay-patience", "0", "--log-level", "warning",
    ]  # fmt: skip
    process = _child(held, command)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            health(port)
        except OSError:
            time.sleep(0.1)
        else:
            return process
    raise SystemExit("the relay does not listen")


def health(port: int) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/health") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as degraded:  # it says so with 503, and with the same body
        return json.load(degraded)


def run(given: argparse.Namespace) -> dict[str, Any]:
    """All figures of one run."""
    found: dict[str, Any] = {"load": os.getloadavg()[0], "given": vars(given)}
    with ExitStack() as held:
        kafka = held.enter_context(EmbeddedKafka())
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="itemstream-relay-"))
        topics = [sys.executable, "-m", "pipeline.cli.main", "topics", "apply", "--yes", "--replication-factor", "1"]
        subprocess.run(
            [*topics, "--bootstrap-servers", kafka.bootstrap_servers, "--input-topic", TOPIC],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        provider = _child(held, [*ENDS, "provider"])
        assert provider.stdout is not None
        direct = int(provider.stdout.readline())
        (port,) = free_ports(1)
        process = relay(held, kafka.bootstrap_servers, direct, port, folder)
        idle_mib = memory_mib(process.pid)
        callers = Callers(held, [direct, port], given.connections)
        found["mib_a_connection"] = (memory_mib(process.pid) - idle_mib) / given.connections
        for target in (direct, port):
            callers.do(f"paced {target} {given.rate} 1")
        assert kafka.pid is not None
        # It has a machine of its own elsewhere; here it gets what the others leave.
        give_way(kafka.pid, KAFKA_NICENESS)
        times: dict[int, dict[str, list[float]]] = {one: {way: [] for way in WAYS} for one in (direct, port)}
        used, answered = 0.0, 0
        for _ in range(given.rounds):
            for target in (direct, port):
                before = cpu_seconds(process.pid)
                told = callers.do(f"paced {target} {given.rate} {given.seconds}")
                for way in WAYS:
                    times[target][way] += told["ms"][way]
                if target == port:
                    used, answered = used + cpu_seconds(process.pid) - before, answered + told["answered"]
        found["direct"], found["relay"] = _percentiles(times[direct]), _percentiles(times[port])
        found["microseconds_a_message"] = used / (2 * answered) * 1e6
        found["messages_a_second"] = 2 * answered / (given.seconds * given.rounds)
        flat = {target: callers.do(f"flat {target} {given.flat}") for target in (direct, port)}
        found["flat_out_direct"], found["flat_out"] = (2 * flat[one]["answered"] / given.flat for one in (direct, port))
        found["recorded_a_second"] = flat[port]["answered"] / given.flat
        if given.many:
            many = Callers(held, [port], given.many)
            found["many"] = _percentiles(many.do(f"paced {port} {given.many_rate} {given.seconds}")["ms"])
        found["health"] = health(port)
    return found


def _percentiles(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Way → share → milliseconds."""
    return {
        way: {name: percentile(ordered, share) for name, share in SHARES.items()}
        for way, ordered in ((way, sorted(took)) for way, took in times.items())
    }


def table(found: dict[str, Any]) -> str:
    """Markdown."""
    given = found["given"]
    lines = [
        "| ms | " + " | ".join(SHARES) + " |",
        "| --- |" + " ---: |" * len(SHARES),
    ]
    rows: list[tuple[str, dict[str, float]]] = []
    added: dict[str, dict[str, float]] = {}
    for way in WAYS:
        direct, relay = found["direct"][way], found["relay"][way]
        added[way] = {name: relay[name] - direct[name] for name in SHARES}
        rows += [
            (f"{way}, direct", direct),
            (f"{way}, through the relay", relay),
            (f"**added**, {way}", added[way]),
        ]
    if "many" in found:
        title = f"{given['many'] + given['connections']:,} connections, round trip through the relay"
        rows.append((title, found["many"]["round trip"]))
    lines += [f"| {name} | " + " | ".join(f"{row[one]:.2f}" for one in SHARES) + " |" for name, row in rows]
    lines += ["", verdict_table(relay_verdicts(added))]
    events = found["health"]["events"]
    lines += [
        "",
        (
            f"{given['connections']} connections, {found['messages_a_second']:,.0f} messages a second both ways, "
            f"{given['rounds']} rounds of {given['seconds']:g} s each way; load average before: {found['load']:.1f}. "
            f"Niceness: callers, relay and provider {NICENESS}, Kafka {KAFKA_NICENESS}; the sender makes way by itself."
        ),
        (
            f"The relay's process takes {found['microseconds_a_message']:.0f} µs of CPU a message, "
            f"{found['mib_a_connection'] * 1024:.0f} KiB a connection. As fast as the callers go: "
            f"{found['flat_out']:,.0f} messages a second, {found['recorded_a_second']:,.0f} of them recorded events "
            f"(direct: {found['flat_out_direct']:,.0f}). Dropped: {events['dropped']}."
        ),
    ]
    return "\n".join(lines)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--connections", type=int, default=200)
    options.add_argument("--rate", type=float, default=25, help="frames a second, of each connection")
    options.add_argument("--seconds", type=float, default=6)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--flat", type=float, default=5, help="seconds as fast as it goes")
    options.add_argument("--many", type=int, default=1800, help="connections beside the others; 0: none")
    options.add_argument("--many-rate", type=float, default=1)
    options.add_argument("--write", action="store_true", help="into docs/relay.md")
    # So that its children end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    found = run(options.parse_args())
    print(table(found))
    print(json.dumps(found["health"], indent=2))
    if found["given"]["write"]:
        PAGE.write_text(replaced(PAGE.read_text(), "figures", table(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
