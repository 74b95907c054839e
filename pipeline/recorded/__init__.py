"""Recorded events, a JSON object a line, and the core run over them without Kafka."""

from pipeline.recorded.lines import RecordedEvent, read_lines
from pipeline.recorded.run import output_line, run

__all__ = ["RecordedEvent", "output_line", "read_lines", "run"]
