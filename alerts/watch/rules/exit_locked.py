"""F10: a door that a fire is to release is still locked after the fire is confirmed."""

from dataclasses import replace

from alerts.watch.machine import SECOND_MS, Edges, Machine
from alerts.watch.model import Sample, Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventType
from sensors.subjects import Subject, SubjectKind
from sensors.topology import OpeningId
from sensors.verdicts import Severity

UNLOCKED, LOCKED = 0, 1


class ExitLocked(Machine):
    """A spell for each door whose lock speaks: `count` is its state, `last_ms` when it said so, `since_ms` the fire."""

    alarm = Alarm.EXIT_LOCKED
    events = frozenset({EventType.FIRE, EventType.SMOKE, EventType.RESET})
    metrics = frozenset({"locked"})

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Note the state of a lock; one that opens ends the alert."""
        opening = site.opening(sample.device, sample.at_ms)
        if opening is None or not opening.release_on_fire:
            return
        state = LOCKED if sample.value > 0 else UNLOCKED
        before = self.spells.get(opening.id) or Spell(key=opening.id, device=sample.device, since_ms=sample.at_ms)
        spell = replace(before, count=state, last_ms=sample.at_ms)
        if state is UNLOCKED:
            yield from self.untell(replace(spell, due_ms=None), sample.at_ms, site)
        else:
            changed = before.count != state or before.last_ms is None
            self.spells.put(self._due(spell, sample.at_ms, site), durable=changed)

    def on_event(self, _event: Event, at_ms: int, site: Site) -> Edges:
        """Look at all doors where a fire begins, is confirmed, or ends."""
        for spell in self.spells.all():
            confirmed_ms = site.confirmed_at(site.building(spell.device, at_ms))
            if confirmed_ms is None and spell.told is not None:
                yield from self.untell(replace(spell, due_ms=None), at_ms, site)
            elif spell.told is None and spell.count == LOCKED:
                self.spells.put(self._due(spell, at_ms, site), durable=confirmed_ms is not None)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object to a door that is known to be locked still."""
        confirmed_ms = site.confirmed_at(site.building(spell.device, at_ms))
        if confirmed_ms is None or spell.count != LOCKED:
            return
        seconds = (at_ms - confirmed_ms) / SECOND_MS
        begun = replace(spell, since_ms=confirmed_ms)
        told = {"value": seconds, "threshold": site.limits.value(self.rule, "release_s", spell.device), "unit": "s"}
        yield from self.tell(begun, Severity.RED, at_ms, site, **told)

    def due_anew(self, spell: Spell, site: Site) -> Spell:
        """Return a spell that is due once its door is locked for too long."""
        return spell if spell.due_ms is None else self._due(spell, spell.due_ms, site)

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say whether the door is gone, or no fire is to release it."""
        opening = site.registry.openings.get(OpeningId(spell.key))
        return opening is None or not opening.release_on_fire or site.device(spell.device) is None

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the door."""
        return Subject(SubjectKind.OPENING, spell.key)

    def _due(self, spell: Spell, at_ms: int, site: Site) -> Spell:
        """Return when to object: after the limit, where the lock reports in turn by its next word."""
        confirmed_ms = site.confirmed_at(site.building(spell.device, at_ms))
        if confirmed_ms is None or spell.told is not None:
            return replace(spell, due_ms=None)
        due_ms = confirmed_ms + site.limit_ms(self.rule, "release_s", SECOND_MS, spell.device) + 1
        if site.is_sampled(spell.device) and (spell.last_ms or 0) < due_ms:
            return replace(spell, due_ms=None)
        return replace(spell, due_ms=due_ms)
