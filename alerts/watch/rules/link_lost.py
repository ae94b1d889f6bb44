"""F08: the line to a fire panel: lost by the gateway's last will or its own, or nothing heard of it for two hours."""

from dataclasses import replace

from alerts.watch.machine import HOUR_MS, Edges
from alerts.watch.model import Spell
from alerts.watch.silence import Silence
from alerts.watch.site import Site, devices_behind, is_panel
from sensors.alarms import Alarm
from sensors.events import Event, EventState, EventType
from sensors.verdicts import Severity

OF_PANELS = frozenset(
    {
        EventType.FIRE,
        EventType.FAULT,
        EventType.ISOLATION,
        EventType.SUPERVISORY,
        EventType.MANUAL_MODE,
        EventType.SILENCED,
        EventType.RESET,
        EventType.ROLL_CALL,
    }
)
LINE_LOST = 1


class LinkLost(Silence):
    """A panel is what the registry calls so, and whatever speaks as only panels do."""

    alarm = Alarm.LINK_LOST
    events = OF_PANELS | {EventType.OFFLINE}

    def on_event(self, event: Event, at_ms: int, site: Site) -> Edges:
        """Take whoever says such things for a panel; object at once to one that is told to be offline."""
        if event.type is EventType.OFFLINE:
            is_lost = event.state is EventState.ACTIVE and self.heeds(event.device, site)
            return self._line_lost(event.device, at_ms, site) if is_lost else ()
        if self.spells.get(event.device) is None and site.device(event.device) is not None:
            self.spells.put(Spell(key=event.device, device=event.device, since_ms=at_ms))
            return self.on_heard(event.device, at_ms, at_ms, site)
        return ()

    def heeds(self, device: str, site: Site) -> bool:
        """Say whether it is a panel."""
        known = site.device(device)
        return known is not None and (self.spells.get(device) is not None or is_panel(known))

    def silent_ms(self, device: str, site: Site) -> int | None:
        """Return two hours, where the registry says how often the panel speaks."""
        known = site.device(device)
        if known is None or not (known.interval_s or known.heartbeat_s):
            return None
        return site.limit_ms(self.rule, "repair_h", HOUR_MS, device)

    def on_back(self, gateway: str, at_ms: int, site: Site) -> Edges:
        """Take the gateway's word for its panels'."""
        for device in devices_behind(site.registry, gateway):
            yield from self.on_heard(device.id, at_ms, at_ms, site)

    def on_lost(self, gateway: str, at_ms: int, site: Site) -> Edges:
        """Object at once to a lost line."""
        for device in devices_behind(site.registry, gateway):
            if self.heeds(device.id, site):
                yield from self._line_lost(device.id, at_ms, site)

    def _line_lost(self, device: str, at_ms: int, site: Site) -> Edges:
        spell = self.spells.get(device) or Spell(key=device, device=device, since_ms=at_ms)
        since_ms = spell.since_ms if spell.told is not None else at_ms
        return self.tell(replace(spell, since_ms=since_ms, count=LINE_LOST), Severity.ORANGE, at_ms, site)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Object to a long silence."""
        hours, limit_h = (at_ms - spell.since_ms) / HOUR_MS, site.limits.value(self.rule, "repair_h", spell.device)
        return self.tell(spell, Severity.ORANGE, at_ms, site, value=round(hours, 2), threshold=limit_h, unit="h")
