"""How a command begins that runs for long: its log, and a word about variables that do nothing."""

from pipeline.logs import configure_logs, get_logger
from pipeline.settings import Settings
from pipeline.settings_load import unknown_variables


def start_logs(settings: Settings) -> None:
    """Set up the log and warn of variables that look like settings and are none: here, not in each process of many."""
    configure_logs(settings.log_level, settings.log_format)
    for wrong in unknown_variables():
        get_logger(__name__).warning("unknown_variable", note=wrong)
