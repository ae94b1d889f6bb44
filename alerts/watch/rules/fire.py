"""F01: a fire that nobody acknowledges at the panel in time, or that nobody goes to look at.

Only judged afterwards: while it burns the fire itself alerts, and routing calls the next person.
"""

from dataclasses import replace

from alerts.watch.machine import MINUTE_MS, SECOND_MS, Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from alerts.watch.spells import of_device
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

BURNS, SEEN = 0, 1
"""What `count` of a spell says: nobody silenced the panel yet; somebody did, and is to go and look."""


class FireUnanswered(Machine):
    """The two clocks of a fire. The second runs only where people write down at all what they found on site."""

    alarm = Alarm.FIRE
    events = frozenset({EventType.FIRE, EventType.SMOKE, EventType.SILENCED, EventType.RESET})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Begin at a fire; silencing stops the first clock, the end of the fire or a reset both."""
        match event.type:
            case EventType.SILENCED:
                for spell in of_device(self.spells, event.device):
                    yield from self._silenced(spell, at_ms, site)
            case EventType.RESET:
                yield from self._over(event.device, "", at_ms, site)
            case _ if event.state is EventState.CLEARED:
                yield from self._over(event.device, event.zone, at_ms, site)
            case _:
                self._burns(event, at_ms, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object to a fire not silenced in time, or not looked at in time."""
        limit = _acknowledge_ms(spell.device, site) if spell.count == BURNS else _verify_ms(spell.device, site)
        verified_ms = site.facts.verified_ms(spell.device, spell.zone, spell.since_ms) if spell.count == SEEN else None
        if verified_ms is not None and verified_ms <= spell.since_ms + limit:
            return self.end(spell.key, at_ms, site)
        told = {"value": (at_ms - spell.since_ms) / SECOND_MS, "threshold": limit / SECOND_MS, "unit": "s"}
        return self.tell(spell, Severity.RED, at_ms, site, **told)

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the panel or detector."""
        return Subject(SubjectKind.DEVICE, spell.device)

    def _burns(self, event: Event, at_ms: int, site: Site) -> None:
        key = f"{event.device}|{event.zone}"
        if self.spells.get(key) is None:
            due_ms = at_ms + _acknowledge_ms(event.device, site) + 1
            self.spells.put(Spell(key=key, device=event.device, since_ms=at_ms, zone=event.zone, due_ms=due_ms))

    def _silenced(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        if spell.told is not None or not site.facts.checks:
            return self.end(spell.key, at_ms, site)
        self.spells.put(replace(spell, count=SEEN, due_ms=spell.since_ms + _verify_ms(spell.device, site) + 1))
        return ()

    def _over(self, device: str, zone: str, at_ms: int, site: Site) -> Edges:
        for spell in of_device(self.spells, device, zone):
            yield from self.end(spell.key, at_ms, site)


def _acknowledge_ms(device: str, site: Site) -> int:
    return site.limit_ms("F01", "acknowledge_s", SECOND_MS, device)


def _verify_ms(device: str, site: Site) -> int:
    return site.limit_ms("F01", "verify_min", MINUTE_MS, device)
