"""The alert path of ingest: from the spool's outbox into the records and out to people.

One thread plans who is told (`router`), one projects alerts into the records and hears from them who answered
(`projector`), one for each channel sends (`sender`). A channel that hangs delays neither the records nor another
channel, and records that are away delay no notice.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from alerts.dispatch import Channel
from alerts.escalation import IsWorkday, monday_to_friday
from alerts.policy import tell_everybody
from premises.notices.leases import Leases
from premises.notices.loop import Loop
from premises.notices.projector import OpenRecords, Projector, Records
from premises.notices.router import Clocks, PolicyNow, Router
from premises.notices.sender import Sender
from sensors.clock import Clock
from storage.spool_deliveries import SpoolDeliveries
from storage.spool_restart import SpoolRestart

__all__ = ["Alerting", "OpenRecords", "Records"]

STOP_S = 7.0
"""How long stopping waits for an attempt under way: a little longer than one may take."""


SENT_FIRST_S = 0.05
"""How long the projection into the records leaves the processor to those who send."""


class Alerting:
    """Owns the threads: one for each channel and two or three more; each has one piece of work at a time."""

    def __init__(
        self,
        spool: Path,
        *,
        channels: Sequence[Channel],
        records: OpenRecords,
        clock: Clock,
        policy: PolicyNow | None = None,
        is_workday: IsWorkday = monday_to_friday,
        leases: Leases | None = None,
    ) -> None:
        """Prepare; the spool must have been opened once, so that its tables are there.

        Without a policy every channel hears of everything; without leases there is one node.
        """
        self._spool = spool
        self._clock = clock
        self._names = tuple(channel.name for channel in channels)
        self._senders = tuple(Loop(channel.name, Sender(spool, channel, clock, turn=leases)) for channel in channels)
        router = Router(
            spool,
            policy=policy or _everybody(self._names),
            clocks=Clocks(wall=clock),
            planned=self._wake_others,
            is_workday=is_workday,
        )
        self._router = Loop("router", router)
        self._projector = Loop("projector", Projector(spool, records, clock), after_others_s=SENT_FIRST_S)
        self._beside = () if leases is None else (Loop("leases", leases),)

    def start(self) -> None:
        """Plan anew what waits for a channel that is gone, bring near what a wrong clock put off, start the threads."""
        with closing(SpoolDeliveries(self._spool)) as deliveries:
            deliveries.reroute(self._names)
        with closing(SpoolRestart(self._spool)) as restart:
            restart.bring_near(self._clock.now())
        for loop in self._loops:
            loop.start()

    def wake(self) -> None:
        """Say that there is something new; once it is planned it goes out, and then into the records."""
        self._router.wake()

    def stop(self) -> None:
        """Begin nothing new, wait a little for what is under way; what is left goes out after the next start."""
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.join(STOP_S)

    @property
    def _loops(self) -> tuple[Loop, ...]:
        return (self._router, self._projector, *self._senders, *self._beside)

    def _wake_others(self) -> None:
        for loop in (*self._senders, self._projector):
            loop.wake()


def _everybody(channels: tuple[str, ...]) -> PolicyNow:
    policy = tell_everybody(channels)
    return lambda: policy
