"""One form for every log line, ours and the libraries': structured, to stderr."""

import logging
import sys
from collections.abc import Sequence
from typing import Any, Literal, TextIO

import structlog
import structlog.tracebacks

Level = Literal["debug", "info", "warning", "error"]

# These tell every reconnect and every heartbeat; what matters of it the worker says itself.
QUIET = ("aiokafka", "kafka", "faust", "mode", "asyncio", "aiohttp")


# Variables of a frame hold records: what is said in them has no place in a log.
_TRACES = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logs(
    level: Level = "info", form: Literal["console", "json"] = "console", stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging alike. May be called again.

    Libraries are heard from `warning` on, and in full at level `debug`.
    """
    out = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: Sequence[structlog.typing.Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    )
    last: Sequence[structlog.typing.Processor] = (
        (_TRACES, structlog.processors.JSONRenderer(ensure_ascii=False))
        if form == "json"
        else (structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback),)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(number if level == "debug" else max(number, logging.WARNING))


def get_logger(name: str) -> Any:
    """A structlog logger: `log.info("rebalance", assigned=[0, 1])`."""
    return structlog.stdlib.get_logger(name)
