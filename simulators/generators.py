"""Which fault trips which rule: the registry of generators, and the rules that cannot be tripped, with the reason.

Severity means the same for every generator: what the rule measures ÷ its limit, the other way round where the rule
trips below. On scales without a natural zero a severity of 2 lies so far beyond the limit: temperatures 5 K, relative
humidity 20 points, sound 10 dB. Where the rule counts how long something lasts, the severity is the length ÷ the limit,
unless the fault says when it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from sensors.catalogue import CATALOGUE
from sensors.subjects import SubjectKind
from sensors.topology import OpeningKind
from simulators.fault_kinds import FaultKind

ROOM, BUILDING, CIRCUIT = SubjectKind.ROOM, SubjectKind.BUILDING, SubjectKind.CIRCUIT
DEVICE, GATEWAY, OPENING = SubjectKind.DEVICE, SubjectKind.GATEWAY, SubjectKind.OPENING
SITE = SubjectKind.SITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """How a rule is tripped: by what, at what sort of subject, and which of these metrics a device there must show.

    `lasts` is how long a severity of 1 lasts where the rule counts time. A room must have an `opening` of this kind.
    """

    kind: FaultKind
    concerns: SubjectKind
    shows: tuple[str, ...] = ()
    lasts: timedelta | None = None
    opening: OpeningKind | None = None


def _length(rule: str, **units: str) -> timedelta:
    """Return a rule's limit as a length of time: the unit and the parameter that is in it."""
    ((unit, parameter),) = units.items()
    return timedelta(**{unit: CATALOGUE[rule].parameter(parameter)})


OCCUPANCY = ("people_count", "presence", "motion")
POWER = ("active_power_w", "energy_import_kwh")

GENERATORS: Mapping[str, Generator] = MappingProxyType(
    {
        "S01": Generator(kind=FaultKind.IDLE_ROOM, concerns=ROOM, shows=OCCUPANCY),
        "S02": Generator(kind=FaultKind.LITTLE_USED, concerns=ROOM, shows=OCCUPANCY),
        "S03": Generator(kind=FaultKind.LITTLE_USED, concerns=ROOM, shows=OCCUPANCY),
        "S04": Generator(kind=FaultKind.NO_SHOWS, concerns=ROOM, shows=OCCUPANCY),
        "S05": Generator(kind=FaultKind.SMALL_GROUPS, concerns=ROOM, shows=("people_count",)),
        "S06": Generator(kind=FaultKind.FEW_PEOPLE, concerns=BUILDING, shows=("people_count",)),
        "S07": Generator(kind=FaultKind.OVERSIZED_OFFICE, concerns=ROOM),
        "S08": Generator(kind=FaultKind.NOT_VACATED, concerns=ROOM),
        "S09": Generator(kind=FaultKind.PAPERS_ABSENT, concerns=BUILDING),
        "S10": Generator(kind=FaultKind.LET_OUT, concerns=ROOM),
        "E01": Generator(kind=FaultKind.HIGH_INTENSITY, concerns=BUILDING),
        "E02": Generator(kind=FaultKind.ABOVE_PEERS, concerns=BUILDING),
        "E03": Generator(kind=FaultKind.BASE_LOAD, concerns=BUILDING),
        "E04": Generator(kind=FaultKind.AFTER_HOURS, concerns=BUILDING),
        "E05": Generator(kind=FaultKind.LOAD_LEFT_ON, concerns=ROOM, shows=OCCUPANCY),
        "E06": Generator(kind=FaultKind.OVERCOOLED, concerns=ROOM, shows=("setpoint_c",)),
        "E07": Generator(kind=FaultKind.OVERHEATED, concerns=ROOM, shows=("setpoint_c",)),
        "E08": Generator(
            kind=FaultKind.OPEN_WINDOW,
            concerns=ROOM,
            shows=("hvac_on",),
            lasts=_length("E08", minutes="both_on_min"),
            opening=OpeningKind.WINDOW,
        ),
        "E09": Generator(kind=FaultKind.DENSE_LIGHTING, concerns=ROOM),
        "E10": Generator(kind=FaultKind.EXTRA_USE, concerns=BUILDING),
        "E11": Generator(kind=FaultKind.UNMETERED_TAP, concerns=CIRCUIT, shows=("energy_import_kwh",)),
        "E12": Generator(kind=FaultKind.PEAK_SHIFT, concerns=BUILDING),
        "W01": Generator(kind=FaultKind.WATER_LEAK, concerns=BUILDING, shows=("water_m3",)),
        "A01": Generator(kind=FaultKind.HIGH_CO2, concerns=ROOM, shows=("co2_ppm",)),
        "A02": Generator(kind=FaultKind.LOW_FRESH_AIR, concerns=ROOM, shows=("co2_ppm",)),
        "A03": Generator(kind=FaultKind.PARTICLES, concerns=ROOM, shows=("pm2_5_ugm3",)),
        "A04": Generator(kind=FaultKind.FORMALDEHYDE, concerns=ROOM, shows=("hcho_mgm3",)),
        "A05": Generator(kind=FaultKind.TEMPERATURE, concerns=ROOM, shows=("temperature_c",)),
        "A06": Generator(kind=FaultKind.HUMIDITY, concerns=BUILDING),
        "A07": Generator(kind=FaultKind.DIM_LIGHT, concerns=ROOM, shows=("illuminance_lux",)),
        "A08": Generator(kind=FaultKind.NOISE, concerns=ROOM, shows=("sound_level_dba",)),
        "F01": Generator(kind=FaultKind.FIRE, concerns=DEVICE),
        "F02": Generator(kind=FaultKind.SLOW_RELAY, concerns=DEVICE, shows=("clock_offset_s",)),
        "F03": Generator(kind=FaultKind.PANEL_FAULT, concerns=DEVICE, lasts=_length("F03", hours="open_h")),
        "F05": Generator(kind=FaultKind.ISOLATION, concerns=DEVICE, lasts=_length("F05", minutes="unapproved_min")),
        "F06": Generator(kind=FaultKind.MANUAL_MODE, concerns=DEVICE, lasts=_length("F06", minutes="manual_min")),
        "F07": Generator(kind=FaultKind.UNANSWERED, concerns=SITE, lasts=_length("F07", hours="gap_h")),
        "F08": Generator(kind=FaultKind.LOST_LINK, concerns=DEVICE, lasts=_length("F08", hours="repair_h")),
        "F09": Generator(kind=FaultKind.FIRE_DOOR_OPEN, concerns=OPENING, lasts=_length("F09", seconds="open_s")),
        "F10": Generator(
            kind=FaultKind.EXIT_LOCKED, concerns=OPENING, shows=("locked",), lasts=_length("F10", seconds="release_s")
        ),
        "F12": Generator(kind=FaultKind.LEAK_ALARM, concerns=DEVICE),
        "L01": Generator(kind=FaultKind.RESIDUAL_CURRENT, concerns=CIRCUIT, shows=("residual_current_ma",)),
        "L02": Generator(kind=FaultKind.LEAKAGE_TREND, concerns=CIRCUIT, shows=("residual_current_ma",)),
        "L03": Generator(kind=FaultKind.HOT_CABLE, concerns=CIRCUIT, shows=("cable_temperature_c",)),
        "L04": Generator(kind=FaultKind.OVERLOAD, concerns=CIRCUIT, shows=("current_a",)),
        "L05": Generator(kind=FaultKind.HIGH_VOLTAGE, concerns=CIRCUIT, shows=("voltage_v",)),
        "L06": Generator(kind=FaultKind.UNBALANCE, concerns=CIRCUIT, shows=("voltage_v",)),
        "D01": Generator(kind=FaultKind.HELD_DOOR, concerns=OPENING, lasts=_length("D01", seconds="held_s")),
        "D02": Generator(kind=FaultKind.FORCED_DOOR, concerns=OPENING),
        "D03": Generator(kind=FaultKind.DENIED, concerns=OPENING),
        "D04": Generator(kind=FaultKind.SILENT_DOOR, concerns=DEVICE, lasts=_length("D04", minutes="heartbeat_min")),
        "D05": Generator(kind=FaultKind.PASSED_BACK, concerns=OPENING),
        "D06": Generator(kind=FaultKind.TAMPER, concerns=DEVICE),
        "G01": Generator(kind=FaultKind.SILENT_DEVICE, concerns=DEVICE),
        "G02": Generator(kind=FaultKind.FROZEN, concerns=DEVICE, lasts=_length("G02", hours="window_h")),
        "G03": Generator(kind=FaultKind.DRIFT, concerns=DEVICE, shows=("co2_ppm",)),
        "G04": Generator(kind=FaultKind.SILENT_GATEWAY, concerns=GATEWAY),
        "G05": Generator(kind=FaultKind.GAPS, concerns=DEVICE),
        "G06": Generator(kind=FaultKind.FLAPPING, concerns=DEVICE),
    }
)

LOOK_ALIKES: Mapping[str, Generator] = MappingProxyType(
    {
        "S01": Generator(kind=FaultKind.LEAVE, concerns=ROOM),
        "S07": Generator(kind=FaultKind.EXEMPTED, concerns=ROOM),
        "E08": Generator(
            kind=FaultKind.AIRING,
            concerns=ROOM,
            shows=("hvac_on",),
            lasts=timedelta(hours=1),
            opening=OpeningKind.WINDOW,
        ),
        "A01": Generator(kind=FaultKind.UNCOMPENSATED, concerns=DEVICE, shows=("co2_ppm",)),
        "G03": Generator(kind=FaultKind.UNCOMPENSATED, concerns=DEVICE, shows=("co2_ppm",)),
        "G04": Generator(kind=FaultKind.BAD_UPLINK, concerns=GATEWAY),
    }
)
"""Harmless things that a rule must not take for its fault and that are asked for one by one: holders on leave, a sensor
that does not know the altitude, a large office that somebody allowed, a window open beside plant that is off, a gateway
that sends late, double, out of order and by a wrong clock. Others are in every building and year: a server room,
cleaning rounds, cold fronts, the Spring Festival."""

NOT_SIMULATED: Mapping[str, str] = MappingProxyType(
    {
        "F04": "needs people's verifications of alarms",
        "F11": "needs records of tests and checks",
    }
)
"""Rules of the catalogue that no generator trips, and why."""

FURTHER: Mapping[str, Generator] = MappingProxyType(
    {
        "D06": Generator(kind=FaultKind.CLOCK_DRIFT, concerns=DEVICE, shows=("clock_offset_s",)),
        "G05": Generator(kind=FaultKind.WEAK_BATTERY, concerns=DEVICE, shows=("battery_pct",)),
    }
)
"""A second way to trip a rule, asked for by `how`: a clock that drifts lets D06 speak, a battery that runs out G05."""

CONCERNS: Mapping[FaultKind, SubjectKind] = MappingProxyType(
    {each.kind: each.concerns for each in (*GENERATORS.values(), *LOOK_ALIKES.values(), *FURTHER.values())}
)
"""What sort of thing each kind is about; a fire is told by the panel that sees it."""
LASTS: Mapping[FaultKind, timedelta] = MappingProxyType(
    {each.kind: each.lasts for each in (*GENERATORS.values(), *LOOK_ALIKES.values()) if each.lasts is not None}
)
"""How long a fault of a kind lasts at a severity of 1, where its rule counts time."""
