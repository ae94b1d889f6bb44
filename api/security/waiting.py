"""Those whom the house's sign-on has told of, and who still owe the code of their second step."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.security.tokens import digest, new_token

WAITS = timedelta(minutes=5)
"""How long somebody who came back may take over their second step."""
MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    sign_on: str
    since: datetime


@dataclass(slots=True)
class WaitingForCode:
    """Keeps them by tickets. In this process alone: after a restart one begins anew."""

    _waiting: dict[str, _Waiting] = field(default_factory=dict)

    def keep(self, sign_on: str, *, now: datetime) -> str:
        """Return what a browser must bring with the code."""
        self._forget(now)
        ticket = new_token()
        self._waiting[digest(ticket)] = _Waiting(sign_on, now)
        return ticket

    def whose(self, ticket: str, *, now: datetime) -> str | None:
        """Return whom a ticket was given to, None where it is unknown or too old."""
        found = self._waiting.get(digest(ticket))
        return None if found is None or now - found.since >= WAITS else found.sign_on

    def done(self, ticket: str) -> None:
        """Forget a ticket that has served."""
        self._waiting.pop(digest(ticket), None)

    def _forget(self, now: datetime) -> None:
        for key in [key for key, each in self._waiting.items() if now - each.since >= WAITS]:
            del self._waiting[key]
        while len(self._waiting) >= MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
