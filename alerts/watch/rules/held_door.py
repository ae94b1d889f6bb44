"""D01: a door that somebody opened rightly and that is not shut again."""

from collections.abc import Iterator
from dataclasses import replace

from alerts.watch.doors import OpenDoor
from alerts.watch.machine import SECOND_MS, Edges
from alerts.watch.model import Edge, Sample, Spell
from alerts.watch.rules.forced_door import passed_lately
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.topology import Opening
from sensors.verdicts import Severity


class DoorHeld(OpenDoor):
    """The clock starts anew with everybody who passes; what a controller says itself (`held`) needs no contact.

    A door that was forced is D02's, one that a fire released nobody's.
    """

    alarm = Alarm.DOOR_HELD
    events = frozenset({EventType.GRANTED, EventType.EXIT_REQUEST, EventType.HELD, EventType.FORCED})
    tiers = (("held_s", SECOND_MS, Severity.BLUE),)

    def __init__(self) -> None:
        """Know of no door forced."""
        super().__init__()
        self._forced: set[str] = set()

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Start the clock anew, or take the controller's word."""
        opening = site.door(event.device, at_ms, self.kind)
        if opening is None:
            return
        if event.type is EventType.HELD:
            yield from self._held(event, opening, at_ms, site)
        elif event.type is EventType.FORCED:
            yield from self._forced_open(event, opening, at_ms, site)
        else:
            spell = self.spells.get(opening.id)
            if spell is not None and spell.told is None and not site.is_sampled(spell.device):
                self.spells.put(self._due(replace(spell, since_ms=at_ms), site))

    def may_open(self, opening: Opening, sample: Sample, site: Site) -> bool:
        """Say whether it was forced, or released by a fire."""
        forced = opening.id in self._forced or (opening.rex_wired and not passed_lately(sample, opening.id, site))
        return forced or site.is_released(opening.id, sample.device, sample.at_ms)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Iterator[Edge]:
        """Look at a door that no fire has released meanwhile."""
        opening = site.opening(spell.device, at_ms)
        if opening is not None and site.is_released(opening.id, spell.device, at_ms):
            yield from self.end(spell.key, at_ms, site)
        else:
            yield from super().on_due(spell, at_ms, site)

    def _held(self, event: Event, opening: Opening, at_ms: int, site: Site) -> Edges:
        if event.state is EventState.CLEARED:
            yield from self.end(opening.id, at_ms, site)
        elif not site.is_released(opening.id, event.device, at_ms):
            spell = self.spells.get(opening.id) or Spell(key=opening.id, device=event.device, since_ms=at_ms)
            limit_s = site.limits.value(self.rule, "held_s", spell.device)
            # a controller without a contact of ours does not say since when: it was too long, so as long at least
            open_s = max((at_ms - spell.since_ms) / SECOND_MS, limit_s)
            yield from self.tell(spell, Severity.BLUE, at_ms, site, value=round(open_s, 1), threshold=limit_s, unit="s")

    def _forced_open(self, event: Event, opening: Opening, at_ms: int, site: Site) -> Edges:
        if event.state is EventState.CLEARED:
            self._forced.discard(opening.id)
        else:
            self._forced.add(opening.id)
            yield from self.end(opening.id, at_ms, site)
