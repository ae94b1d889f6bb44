"""When sign-in is refused for a while: after too many failures, under an account's name or from an address."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

FAILURES = 5
WINDOW = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)
LOOK_BACK = WINDOW + LOCKED_FOR
"""How far back failures matter."""

_SAME_SUBSCRIBER_BITS = 64


def locked_until(failures: Sequence[datetime]) -> datetime | None:
    """Return when the last lock ends that these failures (the oldest first) brought about, None where none did."""
    fifth = [last for first, last in zip(failures, failures[FAILURES - 1 :], strict=False) if last - first < WINDOW]
    return fifth[-1] + LOCKED_FOR if fifth else None


def is_locked(failures: Sequence[datetime], now: datetime) -> bool:
    """Say whether these failures (the oldest first) keep sign-in closed now."""
    until = locked_until(failures)
    return until is not None and now < until


def account_key(user_name: str) -> str:
    """Return what failures of a user name are noted under, whether there is such an account or not."""
    return f"account:{user_name}"


def address_key(address: str) -> str:
    """Return what failures from an address are noted under; a subscriber's IPv6 addresses (/64) are one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "address:unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address:{parsed.ipv4_mapped}"
        prefix = int(parsed) >> _SAME_SUBSCRIBER_BITS << _SAME_SUBSCRIBER_BITS
        return f"address:{IPv6Address(prefix)}/{_SAME_SUBSCRIBER_BITS}"
    return f"address:{parsed}"
