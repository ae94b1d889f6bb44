"""F02 and F10 held against simulated faults: all of them are found, near misses are not, ideal or in the field."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from premises.simulated.simulated_history import store_history, store_posts
from sensors.subjects import Subject
from sensors.topology import Registry
from simulators.building import office_building
from simulators.device_profiles import realistic
from simulators.equipment import Equipment
from simulators.faults import Fault, FaultKind
from simulators.field import Field
from storage.readings.duckdb import DuckDBReadingStore
from tests.simulators.test_field import scores
from tests.simulators.worlds import MONDAY, local, world

DAYS = 4
END = local(MONDAY, 24 * DAYS)
IDEAL = office_building(3, start=MONDAY, equipment=Equipment.FULL)
PANEL, SIDE = Subject.parse("device:panel-1"), Subject.parse("opening:d-side")


def fault(kind: FaultKind, subject: Subject, hour: float, severity: float) -> Fault:
    start = local(MONDAY, hour)
    end = start + timedelta(minutes=20) if kind is FaultKind.SLOW_RELAY else None
    return Fault(kind=kind, subject=subject, start=start, end=end, severity=severity, near_miss=severity < 1)


FAULTS = (
    fault(FaultKind.SLOW_RELAY, PANEL, 10, 1.05),
    fault(FaultKind.SLOW_RELAY, PANEL, 15, 3.0),
    fault(FaultKind.SLOW_RELAY, PANEL, 34, 0.9),
    fault(FaultKind.EXIT_LOCKED, SIDE, 44, 60.0),
    fault(FaultKind.EXIT_LOCKED, SIDE, 60, 0.9),
)


@pytest.mark.parametrize("registry", [IDEAL, realistic(IDEAL)], ids=["ideal", "field"])
def test_late_words_and_locked_exits_are_found_and_near_misses_are_not(registry: Registry, tmp_path: Path) -> None:
    place = world(registry, faults=FAULTS)
    with closing(DuckDBReadingStore(tmp_path / "readings.duckdb")) as store:
        if registry is IDEAL:
            store_history(place, store, END)
        else:
            store_posts(Field(place), store, END)
        found = scores(registry, FAULTS, store)
    told = {rule: (found[rule].tp, found[rule].fp, found[rule].fn, found[rule].near_misses) for rule in ("F02", "F10")}
    assert told == {"F02": (2, 0, 0, 1), "F10": (1, 0, 0, 1)}
    assert (found["F01"].fp, found["F03"].fp) == (0, 0)
