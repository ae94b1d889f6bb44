"""F05: something isolated without an approval, past its planned end, or for a day without filing."""

from dataclasses import dataclass, replace

from alerts.watch.machine import HOUR_MS, MINUTE_MS, Edges, Lasting
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import EventType
from sensors.logs import IsolationAction
from sensors.readings import epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

APPROVAL_UNKNOWN = "approval_unknown"
"""The records could not be asked whether somebody approved it."""


@dataclass(frozen=True, slots=True)
class _Judged:
    severity: Severity | None
    next_ms: int | None


class Isolated(Lasting):
    """Judged anew whenever something may have changed: an approval may come, and may end."""

    alarm = Alarm.ISOLATED
    events = frozenset({EventType.ISOLATION})

    def limit_ms(self, spell: Spell, site: Site) -> int:
        """Return how long an isolation needs no approval."""
        return site.limit_ms(self.rule, "unapproved_min", MINUTE_MS, spell.device)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Look at what was approved."""
        judged = _judged(spell, at_ms, site)
        spell = replace(spell, due_ms=judged.next_ms)
        if judged.severity is None:
            return self.untell(spell, at_ms, site)
        doubts = () if site.facts.known else (APPROVAL_UNKNOWN,)
        minutes = (at_ms - spell.since_ms) // MINUTE_MS
        limit_min = self.limit_ms(spell, site) / MINUTE_MS
        told = {"value": float(minutes), "threshold": limit_min, "unit": "min", "doubts": doubts}
        return self.tell(spell, judged.severity, at_ms, site, **told)

    def on_facts(self, at_ms: int, site: Site) -> Edges:
        """Look at every isolation that is old enough to be judged."""
        for spell in self.spells.all():
            if at_ms > spell.since_ms + self.limit_ms(spell, site):
                yield from self.on_due(spell, at_ms, site)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the device that tells of it."""
        return Subject(SubjectKind.DEVICE, spell.device)


def _judged(spell: Spell, at_ms: int, site: Site) -> _Judged:
    approved = site.facts.isolation(spell.device, spell.zone, at_ms)
    if approved is None:
        return _Judged(Severity.ORANGE, None)
    filed = approved.step(IsolationAction.FILE) is not None
    unfiled_ms = spell.since_ms + site.limit_ms("F05", "unfiled_h", HOUR_MS, spell.device)
    planned_ms = epoch_ms(approved.planned_end)
    later = [moment + 1 for moment in (planned_ms, unfiled_ms) if moment >= at_ms]
    next_ms = min(later, default=None)
    if not filed and at_ms > unfiled_ms:
        return _Judged(Severity.ORANGE, next_ms)
    return _Judged(Severity.YELLOW if at_ms > planned_ms else None, next_ms)
