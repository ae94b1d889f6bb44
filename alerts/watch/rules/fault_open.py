"""F03: a fault of the fire system that nobody mends within a day."""

import re

from alerts.watch.machine import HOUR_MS, Lasting
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import EventType
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

_OF_PANEL = re.compile(r"(\d+\.\d+|utd|panel|主机)(\s.*)?", re.IGNORECASE)
"""A zone that names a system or the transmitter, not a component (`1.1/10-2`)."""


class FaultOpen(Lasting):
    """Red where the panel itself is out of order: whatever it should tell is not told."""

    alarm = Alarm.FAULT_OPEN
    events = frozenset({EventType.FAULT})

    def limit_ms(self, spell: Spell, site: Site) -> int:
        """Return a day, or what the site chose."""
        return site.limit_ms(self.rule, "open_h", HOUR_MS, spell.device)

    def severity(self, spell: Spell, _site: Site) -> Severity:
        """Return red for the panel, orange for a part of what hangs on it."""
        return Severity.RED if not spell.zone or _OF_PANEL.fullmatch(spell.zone) else Severity.ORANGE

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the device that is out of order."""
        return Subject(SubjectKind.DEVICE, spell.device)
