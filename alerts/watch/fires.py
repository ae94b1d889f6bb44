"""Which fires burn, and where one is confirmed: by two signals, or by a manual call point."""

import re
from collections import defaultdict

from alerts.watch.machine import Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site
from alerts.watch.spells import of_device
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType

SIGNALS = 2
"""So many at once confirm a fire, as GB 50116 asks before doors are released; a manual call point does alone."""
_MANUAL = re.compile(r"manual[_ ]?call|手报|手动(火灾)?报警", re.IGNORECASE)
DETECTED, CALLED = 0, 1


class Fires(Machine):
    """Objects to nothing; tells the site for the machines that come after it."""

    alarm = Alarm.FIRE
    events = frozenset({EventType.FIRE, EventType.SMOKE, EventType.RESET})

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Note a fire, or its end."""
        if event.type is EventType.RESET or event.state is EventState.CLEARED:
            zone = "" if event.type is EventType.RESET else event.zone
            for spell in of_device(self.spells, event.device, zone):
                self.spells.drop(spell.key)
            self.loaded(site)
        elif self.spells.get(key := f"{event.device}|{event.zone}") is None:
            count = CALLED if _MANUAL.search(event.zone) else DETECTED
            self.spells.put(Spell(key=key, device=event.device, zone=event.zone, since_ms=at_ms, count=count))
            self._begun(event.device, at_ms, site)
        return ()

    def _begun(self, device: str, at_ms: int, site: Site) -> None:
        """Look at all fires only where one more can change anything: a flood of ten thousand must not wait for that."""
        confirmed_ms = site.confirmed_ms.get(site.building(device, at_ms))
        if confirmed_ms is None or at_ms < confirmed_ms:
            self.loaded(site)

    def loaded(self, site: Site) -> None:
        """Tell the site where a fire is confirmed, and since when."""
        burning: defaultdict[str, list[Spell]] = defaultdict(list)
        for spell in self.spells.all():
            burning[site.building(spell.device, spell.since_ms)].append(spell)
        confirmed = {building: _confirmed_ms(fires) for building, fires in burning.items()}
        site.confirmed_ms = {building: at_ms for building, at_ms in confirmed.items() if at_ms is not None}


def _confirmed_ms(fires: list[Spell]) -> int | None:
    begun = sorted(spell.since_ms for spell in fires)
    called = [spell.since_ms for spell in fires if spell.count == CALLED]
    seconds = begun[SIGNALS - 1 : SIGNALS]
    return min((*called, *seconds), default=None)
