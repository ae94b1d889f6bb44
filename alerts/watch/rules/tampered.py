"""D06, one half: somebody opened the housing of a device, or took it off its wall."""

from alerts.watch.machine import Edges, Lasting
from alerts.watch.model import Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity


class Tampered(Lasting):
    """Any tamper input that is active, at once: nothing in ordinary use sets it off."""

    alarm = Alarm.TAMPERED
    events = frozenset({EventType.TAMPER})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Object at once."""
        if event.state is EventState.CLEARED:
            yield from super().on_event(event, at_ms, site)
            return
        key = f"{event.device}|{event.zone}"
        spell = self.spells.get(key) or Spell(key=key, device=event.device, since_ms=at_ms, zone=event.zone)
        yield from self.tell(spell, Severity.YELLOW, at_ms, site)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the device that was touched."""
        return Subject(SubjectKind.DEVICE, spell.device)
