"""Fields of forms that several pages read alike."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sensors.local_time import TimeError, resolve_local


class UnreadableFieldError(ValueError):
    """A field of a form that cannot be read."""


def site_time(text: str, timezone: str) -> datetime:
    """Return the instant of a time on the site's clock, as `datetime-local` writes it. Raises UnreadableFieldError."""
    try:
        return resolve_local(datetime.fromisoformat(text).replace(tzinfo=None), ZoneInfo(timezone))
    except (ValueError, TimeError) as exc:
        raise UnreadableFieldError(text) from exc
