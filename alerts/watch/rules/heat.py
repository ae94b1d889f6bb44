"""Heat at a standalone sensor that the registry declares a heat detector: 温感报警, which is not a panel's 火警."""

from dataclasses import replace

from alerts.watch.heat import FIXED_C, RISE_C_PER_MIN, Heat, HeatCurve
from alerts.watch.machine import MINUTE_MS, Edges, Machine
from alerts.watch.model import Sample, Spell
from alerts.watch.site import Site
from sensors.alarms import Alarm
from sensors.subjects import Subject, SubjectKind
from sensors.verdicts import Severity

TEMPERATURE = "temperature_c"
SILENT_MS = 90_000
"""A sensor that says once that it is hot and then nothing may be burning: so long is waited for a second word."""
CALM_MS = 10 * MINUTE_MS
RISING = "rising"
"""In the zone of a spell: the rate was too high, and not yet the temperature itself."""


class HeatDetected(Machine):
    """Two samples in a row, or one and then silence; calm for ten minutes ends it.

    `last_ms` of a spell that was told is since when it is calm; `value` is what was measured at first.
    """

    alarm = Alarm.HEAT
    metrics = frozenset({TEMPERATURE})

    def __init__(self) -> None:
        """Begin with no curve."""
        super().__init__()
        self._curves: dict[str, HeatCurve] = {}

    def on_sample(self, sample: Sample, site: Site) -> Edges:
        """Hold a sample against those before it."""
        device = site.device(sample.device)
        if device is None or not device.heat_detector:
            return
        heat = self._curves.setdefault(sample.device, HeatCurve()).add(sample.at_ms, sample.value)
        spell = self.spells.get(sample.device)
        if heat >= Heat.RISING:
            yield from self._hot(spell, sample, heat, site)
        elif spell is not None and spell.told is None:
            self.spells.drop(spell.key)
        elif spell is not None:
            self._calmer(spell, sample.at_ms, is_calm=heat is Heat.CALM)

    def on_due(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        """Speak for a sensor that fell silent while hot; end what has been calm for long enough."""
        if spell.told is None:
            return self._told(spell, at_ms, site)
        return self.end(spell.key, spell.last_ms or at_ms, site)

    def is_void(self, spell: Spell, site: Site) -> bool:
        """Say whether the registry no longer declares the device a heat detector."""
        device = site.device(spell.device)
        return device is None or not device.heat_detector

    def subject(self, spell: Spell, _site: Site) -> Subject:
        """Return the detector."""
        return Subject(SubjectKind.DEVICE, spell.device)

    def _hot(self, spell: Spell | None, sample: Sample, heat: Heat, site: Site) -> Edges:
        if spell is None:
            zone = RISING if heat is Heat.RISING else ""
            begun = Spell(key=sample.device, device=sample.device, since_ms=sample.at_ms, zone=zone, value=sample.value)
            self.spells.put(replace(begun, due_ms=sample.at_ms + SILENT_MS))
        elif spell.told is None:
            yield from self._told(replace(spell, value=sample.value), sample.at_ms, site)
        elif spell.last_ms is not None:
            self.spells.put(replace(spell, last_ms=None, due_ms=None))

    def _told(self, spell: Spell, at_ms: int, site: Site) -> Edges:
        limit, unit = (RISE_C_PER_MIN, "°C/min") if spell.zone == RISING else (FIXED_C, "°C")
        certain = replace(spell, zone="", due_ms=None)
        return self.tell(certain, Severity.RED, at_ms, site, value=spell.value, threshold=limit, unit=unit)

    def _calmer(self, spell: Spell, at_ms: int, *, is_calm: bool) -> None:
        if is_calm and spell.last_ms is None:
            self.spells.put(replace(spell, last_ms=at_ms, due_ms=at_ms + CALM_MS))
        elif not is_calm and spell.last_ms is not None:
            self.spells.put(replace(spell, last_ms=None, due_ms=None))
