"""No more messages a minute than a channel takes or a person can read: what goes beyond comes as one digest."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from alerts.dispatch import Answer, Channel, Notice
from sensors.verdicts import Severity

WINDOW = timedelta(minutes=1)


class Telling(Channel, Protocol):
    """A channel that can also tell several notices at once."""

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        """Try once to tell all of them in one message."""
        ...


@dataclass(slots=True)
class Paced:
    """A channel of `alerts.dispatch` with a limit. Red goes first, and a quarter of the minute is kept for red alone.

    That is one message at least: of one a minute all may take it, and red may go beyond it by one.

    What was sent is remembered in memory only: a restart may send one minute's worth twice as fast.
    """

    channel: Telling
    per_minute: int
    _sent: deque[datetime] = field(default_factory=deque)

    @property
    def name(self) -> str:
        """Return the name of the channel inside."""
        return self.channel.name

    def has_room(self, now: datetime) -> bool:
        """Say whether the minute has room for at least one that is red."""
        return self._room(now) > 0

    def batches(self, notices: Sequence[Notice], now: datetime) -> list[Sequence[Notice]]:
        """Return what is to be sent now: each alone while there is room, all together where there is too little."""
        reds = [each for each in notices if each.signal.severity is Severity.RED]
        others = [each for each in notices if each.signal.severity is not Severity.RED]
        room = self._room(now)
        planned = _spread(reds, room)
        planned += _spread(others, room - len(planned) - self._kept_for_red)
        self._sent.extend(now for _ in planned)
        return planned

    def send(self, notice: Notice) -> Answer:
        """Send one notice."""
        return self.channel.send(notice)

    def send_together(self, notices: Sequence[Notice]) -> Answer:
        """Send several as one message."""
        return self.channel.send_together(notices)

    def _room(self, now: datetime) -> int:
        # What lies ahead was sent before the clock was put back; it must not hold anything up.
        self._sent = deque(time for time in self._sent if now - WINDOW < time <= now)
        return max(self.per_minute, self._kept_for_red + 1) - len(self._sent)

    @property
    def _kept_for_red(self) -> int:
        return max(1, self.per_minute // 4)


def _spread(notices: Sequence[Notice], room: int) -> list[Sequence[Notice]]:
    if not notices or room <= 0:
        return []
    return [[each] for each in notices] if len(notices) <= room else [notices]
