"""What the rules ought to find of the faults that were injected: the truth of a simulation."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sensors.catalogue import CATALOGUE
from sensors.readings import epoch_ms
from sensors.topology import Registry
from simulators.days import IsWorkday, local_day, next_day, workdays_of
from simulators.faults import RULES, Fault
from simulators.truth import TruthKind, TruthRow


def truth_rows(
    faults: Iterable[Fault], registry: Registry, *, end: datetime, is_workday: IsWorkday | None = None
) -> list[TruthRow]:
    """Return what the rules ought to find in readings up to `end`, one row per fault and rule, by rule and subject.

    An idle room is due only where it was idle for as long as the rule looks back.
    """
    zone = ZoneInfo(registry.site.timezone)
    works = is_workday or workdays_of(registry.site)
    rows = [row for fault in faults if fault.start < end for row in _rows(fault, zone, works, end)]
    return sorted(rows, key=lambda row: (row.rule, row.subject, row.start))


def _rows(fault: Fault, zone: ZoneInfo, works: IsWorkday, end: datetime) -> Iterator[TruthRow]:
    until = min(moment for moment in (fault.end, fault.mended, end) if moment is not None)
    for rule in RULES[fault.kind]:
        if not _is_due(rule, fault.start, until, zone, works):
            continue
        kind = TruthKind.NEAR_MISS if fault.near_miss else TruthKind.FAULT
        yield TruthRow(rule, fault.subject, fault.start.astimezone(zone), until.astimezone(zone), kind)


def _is_due(rule: str, start: datetime, until: datetime, zone: ZoneInfo, works: IsWorkday) -> bool:
    day, last = local_day(epoch_ms(start), zone), local_day(epoch_ms(until), zone)
    if rule == "S02":
        return (last - day).days >= CATALOGUE["S02"].parameter("window_days")
    if rule != "S01":
        return True
    worked = 0
    while day < last:
        worked += works(day)
        day = next_day(day)
    return worked >= CATALOGUE["S01"].parameter("workdays")
