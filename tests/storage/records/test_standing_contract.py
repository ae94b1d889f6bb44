"""What the records keep of what stands, over every database."""

from dataclasses import replace
from datetime import timedelta

from alerts.matching import Matcher
from alerts.model import AlertState
from alerts.standing import Drill, OutOfService, Shelf, Silence
from sensors.alarms import AlarmKind
from sensors.journal import ChangeKind
from sensors.verdicts import Severity
from storage.records import SqlRecords
from tests.storage.records.stores import MINUTE, NOON, alert, alert_step

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

SILENCE = Silence(
    id="s1",
    matcher=Matcher(
        kinds=frozenset({AlarmKind.DOOR, AlarmKind.DATA}),
        severities=frozenset({Severity.BLUE}),
        rules=frozenset({"D01"}),
        zones=frozenset({"2 层 东", "\"'%"}),
    ),
    author="anna",
    comment="换门锁",
    starts=NOON,
    ends=NOON + HOUR,
    weekdays=frozenset({0, 6}),
    hours=((0, 420), (1320, 1440)),
)
DRILL = Drill(id="d1", matcher=Matcher(), author="anna", comment="", starts=NOON, ends=NOON + HOUR)
SHELF = Shelf(
    id="h1", fingerprint="f", alert_id="", since=NOON, until=NOON + HOUR, author="anna", comment="c", ended_by="bert"
)
OUT = OutOfService(id="o1", subject="device:d1", since=NOON, until=NOON + HOUR, author="anna", comment="c")


def test_what_stands_comes_back_as_it_was(records: SqlRecords) -> None:
    shelved = alert(state=AlertState.SHELVED)
    shelf = replace(SHELF, alert_id=shelved.id)
    with records.transaction() as tx:
        tx.save_alert(shelved, alert_step(shelved))
        for thing in (SILENCE, DRILL, shelf, OUT):
            tx.save_standing(thing, actor_id="anna", action="create", at=NOON)
    with records.reading() as tx:
        found = tx.standing(NOON)
        assert [*found.silences, *found.drills, *found.shelves, *found.out_of_service] == [SILENCE, DRILL, shelf, OUT]
        assert (tx.silence("s1"), tx.drill("d1"), tx.out_of_service("o1")) == (SILENCE, DRILL, OUT)
        assert (tx.silence("d1"), tx.drill("s1"), tx.out_of_service("x")) == (None, None, None)
        assert dict(found.acknowledged) == {}


def test_what_ended_is_known_for_a_day_and_kept_for_good(records: SqlRecords) -> None:
    ended = replace(SILENCE, ends=NOON + MINUTE, ended_by="bert")
    with records.transaction() as tx:
        tx.save_standing(SILENCE, actor_id="anna", action="create", at=NOON)
        tx.save_standing(ended, actor_id="bert", action="end", at=NOON + MINUTE)
        assert list(tx.standing(NOON + HOUR).silences) == [ended]
        assert list(tx.standing(NOON + 2 * DAY).silences) == []
        assert tx.silence("s1") == ended


def test_what_is_to_come_is_known_beforehand(records: SqlRecords) -> None:
    later = replace(DRILL, starts=NOON + DAY, ends=NOON + DAY + HOUR)
    with records.transaction() as tx:
        tx.save_standing(later, actor_id="anna", action="start", at=NOON)
        assert list(tx.standing(NOON).drills) == [later]


def test_whatever_is_said_is_told_to_pages_and_to_the_audit(records: SqlRecords) -> None:
    with records.transaction() as tx:
        tx.save_standing(OUT, actor_id="anna", action="take_out", at=NOON)
        [change] = tx.changes(after=0)
        [entry] = tx.audit_entries()
    assert (change.kind, change.subject) == (ChangeKind.STANDING, "o1")
    assert (entry.actor_id, entry.action, entry.subject) == ("anna", "out_of_service.take_out", "out_of_service:o1")
    assert dict(entry.detail) == {"comment": "c", "until": (NOON + HOUR).isoformat()}


def test_alerts_are_found_by_their_state(records: SqlRecords) -> None:
    made = {state: alert(state=state) for state in AlertState}
    with records.transaction() as tx:
        for each in made.values():
            tx.save_alert(each, alert_step(each))
        for state, each in made.items():
            assert list(tx.alerts_in(state)) == [each]
