"""Kafka's jars: fetched once per version with Maven into the user's cache."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ItemstreamError
from pipeline.paths import cache_dir

KAFKA_VERSION = "4.3.1"
FETCH_SECONDS = 900

# In full: the short name needs a look-up, and Maven 3.8 would then take a plugin of 2014.
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"

# kafka-tools has StorageTool. slf4j-simple is the smallest way to get log lines out; its version is that of Kafka's own
# slf4j-api.
_POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>itemstream</groupId>
  <artifactId>embedded-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{kafka}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{kafka}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""

Announce = Callable[[str], None]


def kafka_jars(java: Path, version: str = KAFKA_VERSION, announce: Announce | None = None) -> Path:
    """The folder that holds every jar of that Kafka version; fetches it where the cache has none.

    Safe when several processes ask at once: one fetches, the others wait for it. `announce` is told, once, that a
    download starts. Raises ItemstreamError where Maven is missing or the download fails.
    """
    folder = cache_dir() / f"kafka-{version}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(folder.suffix + ".lock")):
        if not folder.is_dir():  # another process may have fetched it while this one waited
            if announce:
                announce(f"Fetching Apache Kafka {version} (about 55 MB, once) …")
            _fetch(java, version, folder)
    return folder


def _fetch(java: Path, version: str, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ItemstreamError("Maven is missing (it fetches Kafka); install it with: sudo apt-get install -y maven")
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        (work / "pom.xml").write_text(_POM.format(kafka=version))
        goal = [COPY_GOAL, "-DincludeScope=runtime", f"-DoutputDirectory={work / 'jars'}"]
        # Debian's mvn finds its own Java; where the only one is a wheel's it has to be told.
        environment = os.environ if shutil.which("java") else {**os.environ, "JAVA_HOME": str(java.parent.parent)}
        try:
            done = subprocess.run(
                [maven, "-B", "-q", "-f", str(work / "pom.xml"), *goal],
                env=environment, capture_output=True, text=True, timeout=FETCH_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            raise ItemstreamError(f"Maven did not fetch Kafka {version} in {FETCH_SECONDS} s; try again") from late
        if done.returncode:
            raise ItemstreamError(f"Maven could not fetch Kafka {version}: {_reason(done.stdout + done.stderr)}")
        (work / "jars").rename(folder)  # complete or not there at all
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _reason(output: str) -> str:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    errors = [line.removeprefix("[ERROR]").strip() for line in plain.splitlines() if line.startswith("[ERROR]")]
    return (errors or plain.splitlines() or ["no output"])[0][:500]


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ends with the process, so a killed fetch blocks nobody
        yield
