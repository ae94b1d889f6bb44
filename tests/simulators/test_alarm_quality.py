"""Rule G06 held against simulated points that come and go: it finds all of them, and nothing else."""

from datetime import timedelta

from alerts.quality import RULE, chattering
from sensors.events import EventState
from sensors.subjects import Subject, SubjectKind
from simulators.demands import truth_rows
from simulators.faults import Fault, FaultKind
from simulators.scoring import Found, scored
from tests.simulators.worlds import MONDAY, building, local, world

PANEL = Subject.parse("device:panel-1")
HOURS = 48


def flapping(hour: float, severity: float, *, near_miss: bool = False) -> Fault:
    start = local(MONDAY, hour)
    end = start + timedelta(minutes=10)
    return Fault(
        kind=FaultKind.FLAPPING, subject=PANEL, start=start, end=end, severity=severity, near_miss=near_miss, rule=RULE
    )


def test_simulated_points_that_come_and_go_are_found_and_near_misses_are_not() -> None:
    registry = building(3)
    faults = (flapping(10, 1.0), flapping(20, 2.0), flapping(34, 0.9, near_miss=True))
    place = world(registry, faults=faults)
    events = [event for tick in place.run(local(MONDAY, HOURS)) for event in tick.events]
    onsets = (
        (Subject(SubjectKind.DEVICE, event.device), event.zone, event.time)
        for event in events
        if event.state is EventState.ACTIVE
    )
    found = [
        Found(rule=RULE, subject=each.subject, start=each.start, end=each.end, known=each.known)
        for each in chattering(onsets)
    ]
    truth = truth_rows(faults, registry, start=local(MONDAY), end=local(MONDAY, HOURS))
    score = scored(found, [row for row in truth if row.rule == RULE], built={RULE}, explained=[])[RULE]
    assert (score.precision, score.recall) == (1.0, 1.0)
    assert len(found) == 2
