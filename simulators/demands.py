"""What the rules ought to find of the faults that were injected: the truth of a simulation.

A fault has a row for a rule where, by the rule's own definition, what was injected suffices: a window that is full,
enough nights in a row, a silence that still lasts when the simulation ends. One finding per cause: the devices behind a
silent gateway have no G01 of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sensors.catalogue import CATALOGUE
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.seasons import Season, conditioned_season
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Device, OpeningId, Registry, RoomId
from simulators.air import OUTDOOR_PPM
from simulators.conditions import PLANT_MIN
from simulators.days import IsWorkday, local_day, midnight_ms, months_after, next_day, workdays_of
from simulators.faults import Fault, FaultKind, with_length
from simulators.generators import GENERATORS
from simulators.places import devices_at
from simulators.truth import TruthKind, TruthRow

NIGHT_OVER = timedelta(hours=6)
"""So long after midnight the night of a workday is over (E03)."""


def _parameter(rule: str, name: str) -> float:
    return CATALOGUE[rule].parameter(name)


@dataclass(frozen=True, slots=True)
class Simulated:
    """The time that is simulated, [start, end), at a site."""

    registry: Registry
    start: datetime
    end: datetime
    is_workday: IsWorkday

    @property
    def zone(self) -> ZoneInfo:
        """Return the site's time zone."""
        return ZoneInfo(self.registry.site.timezone)

    def days(self, start: datetime, end: datetime) -> Iterator[tuple[date, datetime, datetime]]:
        """Yield each local day that [start, end) touches, with the part of it that is inside."""
        day = local_day(epoch_ms(start), self.zone)
        while (begins := self.midnight(day)) < end:
            yield day, max(begins, start), min(self.midnight(next_day(day)), end)
            day = next_day(day)

    def midnight(self, day: date) -> datetime:
        """Return when a local day begins."""
        return from_epoch_ms(midnight_ms(day, self.zone))

    def workdays(self, start: datetime, end: datetime, *, and_after: timedelta = timedelta(0)) -> int:
        """Return how many whole workdays lie in [start, end), each with so much of the next day."""
        return sum(
            self.is_workday(day)
            for day, begins, _ in self.days(start, end)
            if begins == self.midnight(day) and self.midnight(next_day(day)) + and_after <= end
        )


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault as it is there within the simulated time."""

    fault: Fault
    start: datetime
    end: datetime
    site: Simulated

    @property
    def severity(self) -> float:
        """Return the fault's severity."""
        return self.fault.severity

    @property
    def length(self) -> timedelta:
        """Return how long it is there."""
        return self.end - self.start

    @property
    def lasts_to_the_end(self) -> bool:
        """Say whether it is still there when the simulation ends."""
        return self.end >= self.site.end

    def row(self, rule: str, subject: Subject | None = None) -> TruthRow:
        """Return what a rule ought to find, or must not."""
        kind = TruthKind.NEAR_MISS if self.fault.near_miss else TruthKind.FAULT
        zone = self.site.zone
        about = subject or self.fault.subject
        return TruthRow(rule, about, self.start.astimezone(zone), self.end.astimezone(zone), kind)


Demand = Callable[[Injected], bool]


def truth_rows(
    faults: Iterable[Fault],
    registry: Registry,
    *,
    end: datetime,
    start: datetime | None = None,
    is_workday: IsWorkday | None = None,
) -> list[TruthRow]:
    """Return what the rules ought to find in readings of [start, end), one row per fault and rule, by rule and subject.

    Without `start` the simulation is taken to begin long before the faults.
    """
    long_ago = end - timedelta(days=3650)
    site = Simulated(registry, start or long_ago, end, is_workday or workdays_of(registry.site))
    within = (injected for fault in faults if (injected := _within(fault, site)) is not None)
    rows = list(_one_per_cause(_joined(row for each in within for row in _rows(each)), registry))
    return sorted(rows, key=lambda row: (row.rule, row.subject, row.start, row.end))


def _joined(rows: Iterable[TruthRow]) -> list[TruthRow]:
    """Return the rows with those that say the same of one subject at one time made one."""
    joined: list[TruthRow] = []
    for row in sorted(rows, key=lambda row: (row.rule, row.subject, row.kind, row.start)):
        last = joined[-1] if joined else None
        alike = last is not None and (last.rule, last.subject, last.kind) == (row.rule, row.subject, row.kind)
        if last is not None and alike and row.start <= last.end:
            joined[-1] = replace(last, end=max(last.end, row.end))
        else:
            joined.append(row)
    return joined


def _one_per_cause(rows: Sequence[TruthRow], registry: Registry) -> Iterator[TruthRow]:
    """Yield the rows but those that another one explains: a device behind a silent gateway, E04 under E03."""
    causes = [row for row in rows if row.rule in {"G04", "E03"} and row.kind is TruthKind.FAULT]
    for row in rows:
        if row.kind is TruthKind.NEAR_MISS or not any(_explains(cause, row, registry) for cause in causes):
            yield row


def _explains(cause: TruthRow, row: TruthRow, registry: Registry) -> bool:
    if not (cause.start < row.end and row.start < cause.end):
        return False
    if (cause.rule, row.rule) == ("E03", "E04"):
        return cause.subject == row.subject
    behind = {device.id for device in devices_at(registry, cause.subject)}
    return (cause.rule, row.rule) == ("G04", "G01") and row.subject.id in behind


def _within(fault: Fault, site: Simulated) -> Injected | None:
    whole = with_length(fault)
    start, over = max(whole.start, site.start), min(whole.over or site.end, site.end)
    return Injected(whole, start, over, site) if start < over else None


def _rows(injected: Injected) -> Iterator[TruthRow]:
    """Yield the rows of a fault; a near miss that is too short for its rule is one all the same."""
    special = _SPECIAL.get(injected.fault.kind)
    if special is not None:
        yield from special(injected)
        return
    for rule, suffices in _DEMANDS[injected.fault.kind].items():
        if injected.fault.near_miss or suffices(injected):
            yield injected.row(rule)


def _always(_injected: Injected) -> bool:
    return True


def _for(rule: str, name: str, unit: str = "days") -> Demand:
    """Return what says whether a fault fills a rule's window."""
    window = timedelta(**{unit: _parameter(rule, name)})
    return lambda injected: injected.length >= window


def _on_a_workday(injected: Injected) -> bool:
    return any(injected.site.is_workday(day) for day, _, _ in injected.site.days(injected.start, injected.end))


def _when_conditioned(injected: Injected) -> bool:
    """Say whether a workday of the heated or cooled season lies in it (A05)."""
    site = injected.site
    days = (day for day, _, _ in site.days(injected.start, injected.end))
    return any(site.is_workday(day) and conditioned_season(site.registry.site, day) is not None for day in days)


def _on_a_workday_of(season: Season) -> Demand:
    """Return what says whether a workday of a season lies in a fault (E06, E07)."""

    def suffices(injected: Injected) -> bool:
        site = injected.site
        days = (day for day, _, _ in site.days(injected.start, injected.end))
        return any(site.is_workday(day) and conditioned_season(site.registry.site, day) is season for day in days)

    return suffices


def _while_conditioned(injected: Injected) -> bool:
    """Say whether it fills A06's window on a day of the heated or cooled season."""
    site = injected.site
    window = timedelta(hours=_parameter("A06", "mean_h"))
    spans = site.days(injected.start, injected.end)
    return any(
        end - begin >= window and conditioned_season(site.registry.site, day) is not None for day, begin, end in spans
    )


def _stuffy(injected: Injected) -> bool:
    """Say whether so little fresh air lets the CO2 settle above A01's limit: outdoor air + 18000 ÷ q."""
    fresh_m3h = _parameter("A02", "office_m3h") / injected.severity
    settled_ppm = OUTDOOR_PPM + 1000 * _parameter("A02", "co2_litres_h") / fresh_m3h
    return settled_ppm > _parameter("A01", "co2_ppm") * CLEARLY and _on_a_workday(injected)


CLEARLY = 1.1
"""People come and go, so that the CO2 stays under what it would settle at."""


def _three_nights(injected: Injected) -> bool:
    nights = injected.site.workdays(injected.start, injected.end, and_after=NIGHT_OVER)
    return nights >= _parameter("E03", "nights_hold")


def _forty_workdays(injected: Injected) -> bool:
    return injected.site.workdays(injected.start, injected.end) >= _parameter("S01", "workdays")


def _changed_for_a_week(injected: Injected) -> bool:
    """Say whether the share of five workdays moves far enough from a median of ten earlier ones (E11)."""
    site = injected.site
    known = site.workdays(site.start, injected.start) >= BALANCE_BASE_WORKDAYS
    return known and min(site.workdays(injected.start, injected.end), BALANCE_WORKDAYS) * injected.severity > (
        BALANCE_WORKDAYS
    )


BALANCE_WORKDAYS, BALANCE_BASE_WORKDAYS = 5, 10


def _long_after_another_month(injected: Injected) -> bool:
    prior = injected.start - injected.site.start >= timedelta(days=_parameter("L02", "prior_days"))
    return prior and injected.length >= timedelta(days=_parameter("L02", "window_days"))


def _leaves_out_too_much(injected: Injected, share: float) -> bool:
    """Say whether on some local day more is missing than G05 allows, where a share is missing while it lasts."""
    limit = _parameter("G05", "missing_pct") / 100
    days = injected.site.days(injected.start, injected.end)
    return any(share * (end - begin) / timedelta(days=1) > limit for _, begin, end in days)


def _too_many_gaps(injected: Injected) -> bool:
    return _leaves_out_too_much(injected, _parameter("G05", "missing_pct") / 100 * injected.severity)


def _a_year_to_the_end(injected: Injected) -> bool:
    """Say whether it fills the twelve months that E01 and E02 look back."""
    return injected.lasts_to_the_end and injected.length >= timedelta(days=YEAR_DAYS)


def _a_year_after_another(injected: Injected) -> bool:
    """Say whether it fills enough more of E12's window than of the same weeks of the year before, all simulated."""
    window = timedelta(days=_parameter("E12", "window_days"))
    before = injected.site.end - YEAR_BEFORE
    if not injected.lasts_to_the_end or injected.site.start > before - window:
        return False
    then = min(max((before - injected.start) / window, 0.0), 1.0)
    return (min(injected.length / window, 1.0) - then) * injected.severity > 1.0


def _enough_of(window: timedelta) -> Demand:
    """Return what says whether a share over a window comes to its limit by what a fault fills of it."""
    return lambda injected: min(injected.length / window, 1.0) * injected.severity > 1.0


YEAR_DAYS, YEAR_BEFORE = 365, timedelta(days=364)


def _while_plant_runs(injected: Injected) -> bool:
    """Say whether it lasts E08's time while plant runs."""
    site, least = injected.site, timedelta(minutes=_parameter("E08", "both_on_min"))
    runs = [
        min(end, site.midnight(day) + PLANT_OFF) - max(begin, site.midnight(day) + PLANT_ON)
        for day, begin, end in site.days(injected.start, injected.end)
        if site.is_workday(day)
    ]
    return any(length > least for length in runs)


PLANT_ON, PLANT_OFF = (timedelta(minutes=minute) for minute in PLANT_MIN)


def _written_down(injected: Injected) -> bool:
    """Say whether the registry says it when the simulation ends."""
    return injected.lasts_to_the_end


def _overdue(injected: Injected) -> bool:
    """Say whether the time to vacate is over on the last simulated day (S08)."""
    zone = injected.site.zone
    left = injected.fault.start.astimezone(zone).date()
    last = local_day(epoch_ms(injected.site.end) - 1, zone)
    return injected.lasts_to_the_end and last > months_after(left, int(_parameter("S08", "vacate_months")))


def _lasts(rule: str) -> Demand:
    limit = GENERATORS[rule].lasts
    return lambda injected: limit is not None and injected.length > limit


def _still_silent(injected: Injected) -> bool:
    """Say whether the device is silent for too long when the rule looks, which is at the end."""
    return injected.lasts_to_the_end and any(
        injected.length > _silence_allowed(device)
        for device in devices_at(injected.site.registry, injected.fault.subject)
    )


def _silence_allowed(device: Device) -> timedelta:
    at_least = timedelta(minutes=_parameter("G01", "minimum_min"))
    return max(timedelta(seconds=device.interval_s or 0.0) * _parameter("G01", "intervals"), at_least)


def _little_used(injected: Injected) -> Iterator[TruthRow]:
    room = injected.site.registry.rooms[RoomId(injected.fault.subject.id)]
    rule = "S03" if room.is_meeting_room else "S02"
    if injected.fault.near_miss or _for(rule, "window_days")(injected):
        yield injected.row(rule)


def _idle(injected: Injected) -> Iterator[TruthRow]:
    if injected.fault.near_miss or _forty_workdays(injected):
        yield injected.row("S01")
    if _for("S02", "window_days")(injected):
        yield _as_fault(injected, "S02")


def _leave(injected: Injected) -> Iterator[TruthRow]:
    """Yield that leave makes no idle room; S02 knows of no absences: four weeks of leave are too little use to it."""
    yield injected.row("S01")
    if _for("S02", "window_days")(injected):
        yield _as_fault(injected, "S02")


def _as_fault(injected: Injected, rule: str) -> TruthRow:
    """Return the row of a rule that a near miss of another one trips all the same."""
    row = injected.row(rule)
    return TruthRow(row.rule, row.subject, row.start, row.end, TruthKind.FAULT)


def _silent_gateway(injected: Injected) -> Iterator[TruthRow]:
    devices = [device for device in devices_at(injected.site.registry, injected.fault.subject) if device.interval_s]
    if _still_silent(injected):
        yield injected.row("G04")
    if _leaves_out_too_much(injected, 1.0):
        for device in devices:
            yield injected.row("G05", Subject(SubjectKind.DEVICE, device.id))


def _silent(injected: Injected) -> Iterator[TruthRow]:
    if injected.fault.near_miss or _still_silent(injected):
        yield injected.row("G01")
    if _leaves_out_too_much(injected, 1.0):
        yield _as_fault(injected, "G05")


def _fire(injected: Injected) -> Iterator[TruthRow]:
    """Yield the fire until it is acknowledged, or out."""
    acknowledged = injected.fault.start + timedelta(seconds=_parameter("F01", "acknowledge_s") * injected.severity)
    row = injected.row("F01")
    yield TruthRow(row.rule, row.subject, row.start, min(row.end, acknowledged.astimezone(row.end.tzinfo)), row.kind)


def _forced(injected: Injected) -> Iterator[TruthRow]:
    if injected.site.registry.openings[OpeningId(injected.fault.subject.id)].rex_wired:
        yield injected.row("D02")


def _uncompensated(injected: Injected) -> Iterator[TruthRow]:
    yield injected.row("G03")
    for device in devices_at(injected.site.registry, injected.fault.subject):
        for place in device.placements[-1:]:
            if place.room is not None:
                yield injected.row("A01", Subject(SubjectKind.ROOM, place.room))


_SPECIAL: Mapping[FaultKind, Callable[[Injected], Iterator[TruthRow]]] = MappingProxyType(
    {
        FaultKind.IDLE_ROOM: _idle,
        FaultKind.LEAVE: _leave,
        FaultKind.LITTLE_USED: _little_used,
        FaultKind.SILENT_DEVICE: _silent,
        FaultKind.SILENT_GATEWAY: _silent_gateway,
        FaultKind.FIRE: _fire,
        FaultKind.FORCED_DOOR: _forced,
        FaultKind.UNCOMPENSATED: _uncompensated,
    }
)
_DEMANDS: Mapping[FaultKind, Mapping[str, Demand]] = MappingProxyType(
    {
        FaultKind.SMALL_GROUPS: {"S05": _for("S05", "window_days")},
        FaultKind.LOAD_LEFT_ON: {"E05": _on_a_workday},
        FaultKind.BASE_LOAD: {"E03": _three_nights},
        FaultKind.AFTER_HOURS: {"E04": lambda injected: injected.start - injected.site.start >= timedelta(days=364)},
        FaultKind.OVERCOOLED: {"E06": _on_a_workday_of(Season.SUMMER)},
        FaultKind.OVERHEATED: {"E07": _on_a_workday_of(Season.WINTER)},
        FaultKind.DENSE_LIGHTING: {"E09": _on_a_workday},
        FaultKind.EXTRA_USE: {"E10": lambda injected: injected.length >= timedelta(days=3)},
        FaultKind.UNMETERED_TAP: {"E11": _changed_for_a_week},
        FaultKind.WATER_LEAK: {"W01": _for("W01", "nights")},
        FaultKind.HIGH_CO2: {"A01": _on_a_workday},
        FaultKind.LOW_FRESH_AIR: {"A02": _on_a_workday, "A01": _stuffy},
        FaultKind.PARTICLES: {"A03": _for("A03", "mean_h", "hours")},
        FaultKind.FORMALDEHYDE: {"A04": _for("A04", "hcho_mean_h", "hours")},
        FaultKind.TEMPERATURE: {"A05": _when_conditioned},
        FaultKind.HUMIDITY: {"A06": _while_conditioned},
        FaultKind.DIM_LIGHT: {"A07": _on_a_workday},
        FaultKind.NOISE: {"A08": _on_a_workday},
        FaultKind.RESIDUAL_CURRENT: {"L01": _for("L01", "mean_min", "minutes")},
        FaultKind.LEAKAGE_TREND: {"L02": _long_after_another_month},
        FaultKind.HOT_CABLE: {"L03": _for("L03", "mean_min", "minutes")},
        FaultKind.OVERLOAD: {"L04": _for("L04", "hold_min", "minutes")},
        FaultKind.HIGH_VOLTAGE: {"L05": _for("L05", "mean_min", "minutes")},
        FaultKind.UNBALANCE: {"L06": _for("L06", "mean_min", "minutes")},
        FaultKind.GAPS: {"G05": _too_many_gaps},
        FaultKind.WEAK_BATTERY: {"G05": _too_many_gaps},
        FaultKind.BAD_UPLINK: {"G04": _always},
        FaultKind.FROZEN: {"G02": _for("G02", "window_h", "hours")},
        FaultKind.DRIFT: {"G03": _for("G03", "window_days")},
        FaultKind.FLAPPING: {"G06": _always},
        FaultKind.PANEL_FAULT: {"F03": _lasts("F03")},
        FaultKind.ISOLATION: {"F05": _lasts("F05")},
        FaultKind.MANUAL_MODE: {"F06": _lasts("F06")},
        FaultKind.SLOW_RELAY: {"F02": _always},
        FaultKind.EXIT_LOCKED: {"F10": _lasts("F10")},
        FaultKind.LOST_LINK: {"F08": _lasts("F08")},
        FaultKind.LEAK_ALARM: {"F12": _always},
        FaultKind.FIRE_DOOR_OPEN: {"F09": _lasts("F09")},
        FaultKind.HELD_DOOR: {"D01": _lasts("D01")},
        FaultKind.DENIED: {"D03": _always},
        FaultKind.PASSED_BACK: {"D05": _always},
        FaultKind.SILENT_DOOR: {"D04": _lasts("D04")},
        FaultKind.TAMPER: {"D06": _always},
        FaultKind.CLOCK_DRIFT: {"D06": lambda injected: injected.length > timedelta(days=1)},
        FaultKind.UNANSWERED: {"F07": _lasts("F07")},
        FaultKind.HIGH_INTENSITY: {"E01": _a_year_to_the_end},
        FaultKind.ABOVE_PEERS: {"E02": _a_year_to_the_end},
        FaultKind.PEAK_SHIFT: {"E12": _a_year_after_another},
        FaultKind.OPEN_WINDOW: {"E08": _while_plant_runs},
        FaultKind.AIRING: {"E08": _always},
        FaultKind.NO_SHOWS: {"S04": _enough_of(timedelta(days=_parameter("S04", "window_days")))},
        FaultKind.FEW_PEOPLE: {"S06": _for("S06", "window_days")},
        FaultKind.OVERSIZED_OFFICE: {"S07": _written_down},
        FaultKind.EXEMPTED: {"S07": _always},
        FaultKind.NOT_VACATED: {"S08": _overdue},
        FaultKind.PAPERS_ABSENT: {"S09": _written_down},
        FaultKind.LET_OUT: {"S10": _written_down},
    }
)
"""Which rules a kind trips, and when it suffices for them."""
