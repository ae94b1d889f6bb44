"""Moments as people give them to a command: how long ago, or when."""

import re
from datetime import datetime, timedelta

import click

from sensors.clock import Clock
from sensors.errors import InputFault
from sensors.local_time import TimeError, read_time

_AGO = re.compile(r"(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(text: str, clock: Clock) -> datetime:
    """Return the aware time of `90s`, `30m`, `2h`, `3d` ago, or of ISO 8601; without an offset by this machine's zone.

    Raises InputFault.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return clock.now() - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    try:
        return read_time(text).astimezone()
    except (TimeError, OverflowError) as exc:
        msg = f"--since {text}: no time; write 30m, 2h, 3d or 2026-11-23T08:00"
        raise InputFault(msg) from exc


since_option = click.option("--since", metavar="TIME", help="Only what came since: 30m, 2h, 3d, or 2026-11-23T08:00.")
