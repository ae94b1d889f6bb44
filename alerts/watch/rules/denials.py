"""D03: cards refused one after another at one door."""

from dataclasses import replace

from alerts.watch.machine import HOUR_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventType
from sensors.verdicts import Severity

FORGOTTEN_MS = HOUR_MS
"""So long after the last refusal a row of them is over. Our own choice."""


class Denials(Machine):
    """`count` of a spell is how many in a row; one that is granted ends it."""

    alarm = Alarm.DENIALS
    events = frozenset({EventType.DENIED, EventType.GRANTED})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Count."""
        key = str(site.subject(event.device, at_ms))
        if event.type is EventType.GRANTED:
            yield from self.end(key, at_ms, site)
            return
        before = self.spells.get(key) or Spell(key=key, device=event.device, since_ms=at_ms)
        spell = replace(before, count=before.count + 1, last_ms=at_ms, due_ms=at_ms + FORGOTTEN_MS)
        most = site.limits.value(self.rule, "denials", spell.device)
        if spell.count < most:
            self.spells.put(spell)
        else:
            count = float(spell.count)
            yield from self.tell(spell, Severity.YELLOW, at_ms, site, value=count, threshold=most, unit="denials")

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Forget the row."""
        return self.end(spell.key, at_ms, site)
