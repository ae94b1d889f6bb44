"""When a message came, where many come at once: no two messages of one topic at the same millisecond."""

FURTHEST_MS = 60_000
"""How far a topic's times may run ahead of the clock before they begin again at it; the project's own choice.

Also where a clock that was set back is told from a topic that sends much.
"""


class ReceiptTimes:
    """Gives each message the time of its receipt, and the next millisecond where its topic has that one already.

    One read of the socket brings whatever came during a commit. Readings without a time of their own would share one,
    and so one key, of which the store keeps the last: samples that a gateway sent one after the other would be taken
    for one another's duplicates.
    """

    def __init__(self) -> None:
        """Begin with no topic."""
        self._now_ms = 0
        self._free: dict[str, int] = {}

    def begin(self, now_ms: int) -> None:
        """Take in what is read at this time."""
        self._now_ms = now_ms
        self._free = {topic: ms for topic, ms in self._free.items() if now_ms < ms <= now_ms + FURTHEST_MS}

    def of(self, topic: str) -> int:
        """Return the time of the topic's next message, in milliseconds."""
        time_ms = self._free.get(topic, self._now_ms)
        self._free[topic] = time_ms + 1
        return time_ms
