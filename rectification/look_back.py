"""The look back (回头看): until when a signed item is watched, and what became of it."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from rectification.model import Item, ItemState

LOOK_BACK_MONTHS = 6
"""How long after the signature somebody looks again. Our own choice; a season later most faults that come back did."""

LookBacks = Callable[[datetime], date]
"""Gives the local day by which somebody looks again at what was signed at an instant."""


class LookBack(StrEnum):
    """What became of a signed item since."""

    RUNNING = "running"
    """The period has not passed."""
    DUE = "due"
    """The period has passed and nobody has looked."""
    HELD = "held"
    """Somebody looked, and it is as it should be."""
    RECURRED = "recurred"
    """It came back (反弹): a linked item is open, or was."""


def look_backs(months: int, zone: tzinfo) -> LookBacks:
    """Return what gives the day so many months after a local day; the month's last where it is shorter."""

    def day(signed: datetime) -> date:
        return months_later(signed.astimezone(zone).date(), months)

    return day


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


after_half_a_year = look_backs(LOOK_BACK_MONTHS, UTC)
"""For callers that know no site."""


def look_back_of(item: Item, *, today: date, has_recurred: bool) -> LookBack | None:
    """Return what became of a signed item by a local day; None for one that is not signed, or that nobody watches."""
    if item.state is not ItemState.SIGNED_OFF:
        return None
    if has_recurred:
        return LookBack.RECURRED
    if item.looked_back is not None:
        return LookBack.HELD
    if item.look_back is None:
        return None
    return LookBack.DUE if today >= item.look_back else LookBack.RUNNING
