"""How the processes log: one line per event, for people or as JSON."""

import io
import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

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
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unfailing(stream or sys.stderr))),
    )


class Unfailing(io.TextIOBase):
    """A stream that loses what cannot be written: a full disk must end nobody who only meant to say something."""

    def __init__(self, stream: TextIO) -> None:
        """Write to this stream as long as it takes anything."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or lose the text; return the number of characters."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if that can be done."""
        with suppress(OSError):
            self._stream.flush()


class Tee(io.TextIOBase):
    """A stream that writes to two others: a person's terminal and a file."""

    def __init__(self, first: TextIO, second: TextIO) -> None:
        """Write to both; neither is closed with this one."""
        self._both = (first, second)

    def write(self, text: str) -> int:
        """Write to both streams; return the number of characters."""
        for stream in self._both:
            stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush both streams."""
        for stream in self._both:
            stream.flush()
