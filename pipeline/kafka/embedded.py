"""One Apache Kafka broker as an object: start, stop, kill, start again."""

import asyncio
import atexit
import base64
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pipeline.errors import ItemstreamError
from pipeline.kafka import probe
from pipeline.kafka.artifacts import Announce, kafka_jars
from pipeline.kafka.config import HOST, Property, server_properties
from pipeline.kafka.java import find_java
from pipeline.kafka.process import STOP_SECONDS, RunningKafka, find_running, remove_pid_file, write_pid_file
from pipeline.kafka.watchdog import Watchdog

START_SECONDS = 60.0
PORT_TRIES = 3
LOG_FILE = "kafka.log"
LOG_LINES = 5  # of a failed start, in the error

MAX_HEAP = "1g"

# slf4j-simple writes to stderr; what matters is a warning or worse.
_JVM = (
    "-Xms256m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


class EmbeddedKafka:
    """A single-node Apache Kafka on loopback.

    port: 0 takes a free one; it stays the same over restarts of this object.
    data_dir: None makes a temporary folder, removed by `stop`; a given one is kept and may be started on again.
    properties: added to the broker's configuration, and win over the defaults.
    detached: the broker outlives this program; else it ends with it at the latest, also where that was killed.
    cluster: the cluster id an empty data folder is given, so that several nodes make one cluster; None makes one up.
    jvm: options of the Java machine, after the usual ones.
    format_options: of the tool that makes an empty data folder, such as `--add-scram SCRAM-SHA-256=[…]`.

    `start` returns when the broker answers requests. Use it as a (sync or async) context manager, or call `start` and
    `stop`. Raises ItemstreamError, one line, where it can't start.
    """

    def __init__(
        self,
        port: int = 0,
        data_dir: Path | str | None = None,
        properties: Mapping[str, Property] | None = None,
        *,
        detached: bool = False,
        cluster: str | None = None,
        jvm: Sequence[str] = (),
        format_options: Sequence[str] = (),
        announce: Announce | None = None,
    ) -> None:
        self.port = port
        self._fixed_port = port != 0
        self._given_dir = Path(data_dir).expanduser().absolute() if data_dir is not None else None
        self._data_dir = self._given_dir
        self._properties = dict(properties or {})
        self._detached = detached
        self._cluster = cluster
        self._jvm = (f"-Xmx{MAX_HEAP}", *_JVM, *jvm)
        self._format_options = tuple(format_options)
        self._announce = announce
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` for clients; known from the first start on."""
        return f"{HOST}:{self.port}"

    @property
    def data_dir(self) -> Path:
        if self._data_dir is None:
            self._data_dir = Path(tempfile.mkdtemp(prefix="itemstream-kafka-"))
        return self._data_dir

    @property
    def log_file(self) -> Path:
        return self.data_dir / LOG_FILE

    @property
    def pid(self) -> int | None:
        """Of the broker's process, for signals; None while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> Self:
        """Start the broker and wait until it answers (about 3 s; the first time ever it is downloaded first)."""
        if self.pid is not None:
            return self
        java = find_java()
        jars = kafka_jars(java, announce=self._announce)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if running := find_running(self.data_dir):
            raise ItemstreamError(
                f"Kafka already runs on {self.data_dir} (port {running.port}, process {running.pid}); "
                "stop it first or choose another --data-dir"
            )
        try:
            self._start_on_a_port(java, jars)
        except BaseException:
            self.kill()
            self._remove_temporary()
            raise
        return self

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Clean shutdown (SIGTERM, SIGKILL after `timeout` seconds); a temporary data folder goes too."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._ended()
        self._remove_temporary()

    def kill(self) -> None:
        """SIGKILL, as a power cut does it: the data stays, `start` takes it up again on the same port."""
        if self._process:
            self._process.kill()
            self._process.wait()
        self._ended()

    def wait(self) -> int:
        """Wait until the broker ends by itself or by a signal; its exit code."""
        return self._process.wait() if self._process else 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await asyncio.to_thread(self.stop)

    def _start_on_a_port(self, java: Path, jars: Path) -> None:
        for tries_left in reversed(range(PORT_TRIES)):
            try:
                self._start_once(java, jars)
            except _PortTakenError as taken:
                # A free port can be gone a moment later; a port somebody asked for is theirs to change.
                if self._fixed_port or not tries_left:
                    raise ItemstreamError(f"{taken}; choose another with --port") from taken
            else:
                self._fixed_port = True
                return

    def _start_once(self, java: Path, jars: Path) -> None:
        controller_port, free_port = probe.free_ports(2)
        self.port = self.port if self._fixed_port else free_port
        if not probe.is_free(self.port):
            raise _PortTakenError(f"port {self.port} is in use by another program")
        log_dir = self.data_dir / "log"
        properties = self.data_dir / "server.properties"
        properties.write_text(server_properties(self.port, controller_port, log_dir, self._properties))
        run = [str(java), *self._jvm, f"-Ditemstream.data={self.data_dir}", "-cp", f"{jars}/*"]
        with self.log_file.open("wb") as log:
            cluster = self._format(run, properties, log_dir, log)
            self._process = subprocess.Popen(
                [*run, "kafka.Kafka", str(properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data_dir,
                # Ctrl-C in a terminal goes to the whole group: the broker must outlive the clients that still commit.
                start_new_session=True,
            )
        write_pid_file(self.data_dir, RunningKafka(self._process.pid, self.port))
        if not self._detached:
            atexit.register(self.stop)
            self._watchdog = Watchdog(self._process.pid, None if self._given_dir else self.data_dir)
        self._await_ready(cluster)

    def _format(self, run: list[str], properties: Path, log_dir: Path, log: IO[bytes]) -> str:
        """Give an empty data folder its cluster id; return the folder's."""
        meta = log_dir / "meta.properties"
        if not meta.exists():
            new_id = self._cluster or new_cluster_id()
            tool = ["kafka.tools.StorageTool", "format", "--cluster-id", new_id, "--config", str(properties)]
            command = [*run, *tool, *self._format_options]
            if subprocess.run(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False).returncode:
                raise ItemstreamError(f"Kafka's data folder {self.data_dir} could not be made: {self._last_lines()}")
        lines = meta.read_text().splitlines()
        return next(line.removeprefix("cluster.id=") for line in lines if line.startswith("cluster.id="))

    def _await_ready(self, cluster: str) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        # Only its own cluster id counts: another broker may have taken the port in between.
        while probe.cluster_id(self.port) != cluster:
            if (code := self._process.poll()) is not None:
                reason = self._last_lines()
                self._ended()
                if "BindException" in reason or "Address already in use" in reason:
                    raise _PortTakenError(f"port {self.port} is in use by another program")
                raise ItemstreamError(f"Kafka did not start (exit code {code}{self._log_kept}): {reason}")
            if time.monotonic() > deadline:
                raise ItemstreamError(
                    f"Kafka did not answer within {START_SECONDS:.0f} s{self._log_kept}: {self._last_lines()}"
                )
            time.sleep(0.05)

    def _remove_temporary(self) -> None:
        if self._given_dir is None and self._data_dir is not None:
            shutil.rmtree(self._data_dir, ignore_errors=True)
            self._data_dir = None

    def _ended(self) -> None:
        self._process = None
        if self._watchdog is not None:
            self._watchdog.dismiss()
            self._watchdog = None
        atexit.unregister(self.stop)
        if self._data_dir is not None:
            remove_pid_file(self._data_dir)

    @property
    def _log_kept(self) -> str:
        return f", log {self.log_file}" if self._given_dir else ""

    def _last_lines(self) -> str:
        lines = [line.strip() for line in self.log_file.read_text(errors="replace").splitlines() if line.strip()]
        # Stack frames say little in one line; the messages above them do.
        telling = [line for line in lines if not line.startswith(("at ", "..."))]
        return " | ".join((telling or lines)[-LOG_LINES:]) or "nothing in its log"


def new_cluster_id() -> str:
    """An id as Kafka makes them."""
    # A leading dash would look like an option to Kafka's tools.
    return "I" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]


class _PortTakenError(Exception):
    """Somebody else listens on the port."""
