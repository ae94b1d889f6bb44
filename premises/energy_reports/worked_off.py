"""What was found in a period, what was mended and what that saved, and what lies ahead: from the records."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from analytics.ledger import FindingTransaction
from api.privacy import tells_of_presence
from rectification.by_savings import ItemSavings, is_energy, work_began
from rectification.energy_reports import ReportPeriod
from rectification.model import ENDED_STATES, Item, measure_of
from rectification.particulars import NOTHING_WRITTEN, Particulars, location_of, place_of, title_of
from rectification.ports import SheetTransaction
from rectification.savings_total import total
from reports.energy_report_figures import Ahead, MeasureTaken, Problem, SavedInAll
from sensors.catalogue import CATALOGUE
from sensors.topology import Registry

MOST = 20_000
WATER_RULE = "W01"

SavedBy = Callable[[Item, datetime | None], ItemSavings | None]


class WorkReader(FindingTransaction, SheetTransaction, Protocol):
    """What is read of the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOff:
    """Reads findings and items of one period from one state of the records."""

    tx: WorkReader
    registry: Registry
    period: ReportPeriod

    def problems(self) -> Iterator[Problem]:
        """Yield the findings on energy and water that stood on a day of the period and that nobody judged false."""
        start, end = (self._midnight(day) for day in (self.period.first, self.period.end))
        for found in reversed(self.tx.findings(limit=MOST)):
            stood = found.started < end and (found.ended is None or found.ended > start)
            if not stood or not _is_of_report(found.rule) or found.judged is not None:
                continue
            hides = tells_of_presence(self.registry, found.rule, found.subject)
            yield Problem(
                rule=found.rule,
                name=CATALOGUE[found.rule].name,
                place=place_of(found.subject, self.registry),
                since=found.started,
                ended=found.ended,
                energy_kwh=None if hides else found.energy_kwh,
            )

    def measures(
        self, saved_by: SavedBy, tell: Callable[[int, int], None]
    ) -> tuple[tuple[MeasureTaken, ...], SavedInAll | None]:
        """Return the items verified in the period with what each saved, and what they saved together."""
        start, end = (self._midnight(day) for day in (self.period.first, self.period.end))
        items = [
            item
            for item in self.tx.items(limit=MOST)
            if item.verified is not None and start <= item.verified < end and _is_of_report(item.rule)
        ]
        items.sort(key=lambda each: each.number)
        given = self.tx.particulars_of([item.id for item in items])
        told, savings = [], []
        for number, item in enumerate(items):
            tell(number, len(items))
            saved = saved_by(item, work_began(self.tx.item_steps(item.id))) if is_energy(item) else None
            savings += [] if saved is None else [saved]
            told.append(self._taken(item, given.get(item.id, NOTHING_WRITTEN), saved))
        return tuple(told), _in_all(savings, {item.id: item.number for item in items})

    def ahead(self) -> Iterator[Ahead]:
        """Yield the open items on energy and water, by number."""
        items = [each for each in self.tx.items(limit=MOST) if _is_of_report(each.rule)]
        still = sorted((each for each in items if each.state not in ENDED_STATES), key=lambda each: each.number)
        given = self.tx.particulars_of([item.id for item in still])
        for item in still:
            if item.verified is None:
                own = given.get(item.id, NOTHING_WRITTEN)
                yield Ahead(
                    number=item.number,
                    title=title_of(item, own),
                    measure=measure_of(item),
                    place=location_of(item, own, self.registry),
                    deadline=item.deadline,
                    responsible=item.responsible or "",
                )

    def _taken(self, item: Item, given: Particulars, saved: ItemSavings | None) -> MeasureTaken:
        known = None if saved is None else saved.saved
        days = None if saved is None or saved.days is None else saved.days.since
        verified = item.verified or item.opened
        hides = tells_of_presence(self.registry, item.rule, item.subject)
        shown = None if hides else known
        return MeasureTaken(
            number=item.number,
            title=title_of(item, given),
            measure=measure_of(item),
            verified=verified.astimezone(ZoneInfo(self.registry.site.timezone)).date(),
            first=None if days is None else days.first,
            last=None if days is None else days.last,
            kwh=None if shown is None else shown.kwh,
            low_kwh=None if shown is None else shown.ci90_kwh[0],
            high_kwh=None if shown is None else shown.ci90_kwh[1],
            lacks=() if saved is None else saved.lacks,
        )

    def _midnight(self, day: object) -> datetime:
        return datetime.fromisoformat(str(day)).replace(tzinfo=ZoneInfo(self.registry.site.timezone))


def _is_of_report(rule: str) -> bool:
    return rule in CATALOGUE and (rule.startswith("E") or rule == WATER_RULE)


def _in_all(savings: list[ItemSavings], numbers: Mapping[str, int]) -> SavedInAll | None:
    if not savings:
        return None
    added = total(savings)
    if not added.counted:
        return None
    return SavedInAll(
        kwh=added.kwh,
        low_kwh=added.ci90_kwh[0],
        high_kwh=added.ci90_kwh[1],
        counted=tuple(numbers[each] for each in added.counted),
        overlapping=tuple(numbers[each] for each in added.counted_elsewhere),
        without_number=tuple(numbers[each] for each in added.without_number),
    )
