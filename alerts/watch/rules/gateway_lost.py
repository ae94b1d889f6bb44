"""G04, at once: a gateway whose last will the broker told. What falls silent without one is the analysis' to find."""

from dataclasses import replace

from alerts.watch.machine import Edges, Machine
from alerts.watch.model import Spell
from alerts.watch.site import Site, devices_behind, is_panel
from sensors.alarms import Alarm
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity


class GatewayLost(Machine):
    """One alert for the parent; the line of a panel that speaks for itself alone is F08's."""

    alarm = Alarm.GATEWAY_DOWN

    def on_back(self, gateway: str, at_ms: int, site: Site) -> Edges:
        """End the alert."""
        return self.end(gateway, at_ms, site)

    def on_lost(self, gateway: str, at_ms: int, site: Site) -> Edges:
        """Object until it is back."""
        behind = list(devices_behind(site.registry, gateway))
        if self.spells.get(gateway) is None and not (behind and all(map(is_panel, behind))):
            spell = Spell(key=gateway, device=gateway, since_ms=at_ms)
            yield from self.tell(replace(spell, count=len(behind)), Severity.ORANGE, at_ms, site)

    def is_void(self, _spell: Spell, _site: Site) -> bool:
        """Say that a gateway stands in no registry: only its own word ends this."""
        return False

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the gateway."""
        return Subject(SubjectKind.GATEWAY, spell.device)
