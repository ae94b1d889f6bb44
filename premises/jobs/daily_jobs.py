"""The jobs of an installation: the daily analysis with what follows from it, and the quick run between two days."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from analytics.calendar import WorkCalendar
from analytics.runs import NoReadingsError
from api.ports import RoomClass
from premises.finding_json import from_json
from premises.holidays import holidays_of
from premises.home import Home
from premises.jobs.analysis_jobs import Job
from premises.jobs.daily import Building, DailyRecords, Day, ItemMeter, daily, record, unmetered
from premises.outputs import FAILED, FINDINGS, ROOMS, USE
from premises.utilisation_json import utilisation_from_json
from premises.watched import ALL_RULES
from sensors.clock import Clock
from sensors.readings import epoch_ms, from_epoch_ms
from sensors.topology import Registry, RoomId
from sensors.utilisation import Utilisation
from sensors.verdicts import Finding

DAILY_DAYS = 7
"""How many days a daily run judges: rules that tell of spells look at a week (E05)."""

USE_DAYS = 42
"""Over how many days rooms are classed: personal rooms need 20 known workdays, longest holidays included."""

USE_RULES = ("S01", "S02", "S03")
QUICK_RULES = ("A01", "G01", "G04")
"""What can be told of a day that is not over."""

STALE = timedelta(days=1)


class Analyses(Protocol):
    """Runs an analysis, here or in a worker."""

    def run(self, job: Job) -> Mapping[str, Any]:
        """Return what the job made, by name. Raises InputFault."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyJobs:
    """Everything that is done by the clock. One thread at a time."""

    home: Home
    analyses: Analyses
    records: DailyRecords
    registry: Callable[[], Registry]
    clock: Clock
    judged: Callable[[str, Mapping[str, str]], None] = lambda _job, _failed: None
    """Hears after each job which rules failed in it, with their errors."""
    meter: ItemMeter = unmetered
    """Says beside the proof of an energy item what was saved."""
    _failed: dict[str, str] = field(default_factory=dict)

    def daily(self) -> Mapping[str, object]:
        """Return in numbers what a daily run found and changed; nothing where there is nothing to judge yet."""
        self._failed.clear()
        try:
            day = self.judge()
        except NoReadingsError:
            return {}
        self._class_rooms()
        _write(_daily_path(self.home), {"at": self.clock.now().isoformat()})
        self.judged("daily", dict(self._failed))
        return {**_told(day), "failed_rules": sorted(self._failed)}

    def judge(self) -> Day:
        """Return what became of the verdicts over the last days. Raises NoReadingsError."""
        building = self.building()
        today = self._today(building)
        return daily(
            self._verdicts(ALL_RULES, today - timedelta(days=DAILY_DAYS), today - timedelta(days=1)),
            at=from_epoch_ms(building.calendar.midnight_ms(today)),
            records=self.records,
            building=building,
            analysis=self._verdicts,
            clock=self.clock,
            meter=self.meter,
        )

    def quick(self) -> Mapping[str, object]:
        """Return in numbers what a run over the day so far found; nothing where there are no readings yet."""
        self._failed.clear()
        now = self.clock.now()
        building = self.building()
        today = self._today(building)
        try:
            findings = self._verdicts(QUICK_RULES, today, today)
        except NoReadingsError:
            return {}
        recorded = record(findings, at=now, records=self.records, building=building)
        self.judged("quick", dict(self._failed))
        return {"new": len(recorded.new), "still": len(recorded.still), "ended": len(recorded.ended)}

    def building(self) -> Building:
        """Return the site with its calendar."""
        registry = self.registry()
        calendar = WorkCalendar(registry.site, holidays_of(registry.site, self.home.registry))
        return Building(registry=registry, calendar=calendar)

    def is_stale(self) -> bool:
        """Say whether the last daily run was more than a day ago, or never."""
        last = last_daily(self.home)
        return last is None or self.clock.now() - last > STALE

    def _verdicts(self, rules: Collection[str], first: date, last: date) -> Sequence[Finding]:
        """Return the verdicts of rules over local days, both inclusive, as the readings stand now."""
        return [from_json(each) for each in self._made(rules, first, last, FINDINGS)]

    def _today(self, building: Building) -> date:
        return building.calendar.local_day(epoch_ms(self.clock.now()))

    def _class_rooms(self) -> None:
        today = self._today(self.building())
        with suppress(NoReadingsError):  # a site whose registry alone was judged
            first, last = today - timedelta(days=USE_DAYS), today - timedelta(days=1)
            made = self._all_made(USE_RULES, first, last, (ROOMS, USE))
            _write(uses_path(self.home), made[ROOMS])
            _write(_utilisation_path(self.home), made[USE])

    def _made(self, rules: Collection[str], first: date, last: date, what: str) -> Any:  # noqa: ANN401 - JSON
        return self._all_made(rules, first, last, (what,))[what]

    def _all_made(self, rules: Collection[str], first: date, last: date, wanted: Sequence[str]) -> Mapping[str, Any]:
        job = Job(
            registry=self.home.registry,
            rules=tuple(rules),
            first=first,
            last=last,
            now_ms=epoch_ms(self.clock.now()),
            want=wanted,
        )
        made = self.analyses.run(job)
        self._failed.update({each["rule"]: each["error"] for each in made.get(FAILED, ())})
        return made


def room_uses(home: Home) -> Mapping[RoomId, RoomClass]:
    """Return the class of each room as the last daily run found it; nothing before the first."""
    try:
        written = json.loads(uses_path(home).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {RoomId(room): RoomClass(use) for room, use in written.items() if use in RoomClass.__members__.values()}


def utilisation_of(home: Home) -> Utilisation | None:
    """Return how rooms were used as the last daily run found it; None before the first."""
    try:
        return utilisation_from_json(json.loads(_utilisation_path(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_daily(home: Home) -> datetime | None:
    """Return when the last daily run was, None before the first."""
    try:
        return datetime.fromisoformat(json.loads(_daily_path(home).read_text(encoding="utf-8"))["at"])
    except (OSError, ValueError, KeyError):
        return None


def uses_path(home: Home) -> Path:
    """Return where the rooms' classes are kept."""
    return home.run / "room_uses.json"


def _utilisation_path(home: Home) -> Path:
    return home.run / "utilisation.json"


def _daily_path(home: Home) -> Path:
    return home.run / "daily.json"


def _write(path: Path, content: object) -> None:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content), encoding="utf-8")
    new.replace(path)


def _told(day: Day) -> Mapping[str, object]:
    return {
        "new": len(day.recorded.new),
        "still": len(day.recorded.still),
        "ended": len(day.recorded.ended),
        "proposed": len(day.proposed),
        "checked": len(day.checked),
        "moved": len(day.moved),
    }
