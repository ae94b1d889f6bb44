"""How the processes log: one line per event, for people or as JSON."""

import logging
import sys
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from premises.settings import LogSettings


def configure_log(settings: "LogSettings", stream: TextIO | None = None) -> None:
    """Write events to a stream, standard error where none is given."""
    machine = settings.format == "json"
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if machine else []),
            structlog.processors.JSONRenderer() if machine else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
    )
