"""itemstream: from a realtime session's raw server events to complete items on Kafka."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("itemstream")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
