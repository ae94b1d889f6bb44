"""F12: a leak, from its beginning to its end. The event alerts by itself; here it is judged."""

from alerts.watch.machine import Edges, Lasting
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity


class Leak(Lasting):
    """Any leak that is active."""

    alarm = Alarm.LEAK
    events = frozenset({EventType.LEAK})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Object at once."""
        if event.state is EventState.CLEARED:
            yield from super().on_event(event, at_ms, site)
            return
        key = f"{event.device}|{event.zone}"
        spell = self.spells.get(key) or Spell(key=key, device=event.device, since_ms=at_ms, zone=event.zone)
        yield from self.tell(spell, Severity.ORANGE, at_ms, site, spoken=True)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the detector."""
        return Subject(SubjectKind.DEVICE, spell.device)
