"""What the records keep of alerts, over every database."""

from datetime import timedelta

import pytest

from alerts.model import Alert, AlertAction, AlertState
from alerts.ports import AlertTransaction
from sensors.journal import ChangeKind
from sensors.subjects import Subject
from storage.records import SqlRecords
from tests.storage.records.stores import MINUTE, NOON, alert, alert_step


def saved(tx: AlertTransaction, *alerts: Alert) -> None:
    for each in alerts:
        tx.save_alert(each, alert_step(each))


def test_an_alert_comes_back_as_it_was(records: SqlRecords) -> None:
    kept = alert(
        subject=Subject.parse("device:panel-1"),
        zone="2 层 东",
        test=True,
        doubts=("unknown_device", "clock"),
        parameters={"device": "panel-1", "带": "\"'%s\n"},
        onset=NOON + timedelta(milliseconds=7),
    )
    with records.transaction() as tx:
        saved(tx, kept)
    with records.reading() as tx:
        assert tx.alert(kept.id) == kept
        assert type(tx.alert(kept.id)) is Alert
        assert tx.alert("another") is None


def test_saving_again_updates_and_keeps_every_step(records: SqlRecords) -> None:
    raised = alert()
    seen = alert(id=raised.id, state=AlertState.ACKNOWLEDGED)
    first, second = alert_step(raised), alert_step(seen, AlertAction.ACKNOWLEDGE, at=NOON + MINUTE, note="看到了")
    with records.transaction() as tx:
        tx.save_alert(raised, first)
        tx.save_alert(seen, second)
        assert tx.alert(raised.id) == seen
        assert list(tx.alert_steps(raised.id)) == [first, second]
        assert len(tx.alerts()) == 1


def test_alerts_come_newest_first_and_no_more_than_asked(records: SqlRecords) -> None:
    made = [alert(onset=NOON + number * MINUTE) for number in (2, 0, 3, 1)]
    with records.transaction() as tx:
        saved(tx, *made)
        newest_first = sorted(made, key=lambda each: each.onset, reverse=True)
        assert list(tx.alerts()) == newest_first
        assert list(tx.alerts(limit=2)) == newest_first[:2]
        assert list(tx.alerts(limit=0)) == []


def test_open_only_leaves_out_what_is_over_and_seen(records: SqlRecords) -> None:
    made = {state: alert(state=state) for state in AlertState}
    with records.transaction() as tx:
        saved(tx, *made.values())
        assert {each.state for each in tx.alerts(open_only=True)} == set(AlertState) - {AlertState.CLEARED}


@pytest.mark.parametrize(
    ("state", "is_open"),
    [
        (AlertState.RAISED, True),
        (AlertState.ACKNOWLEDGED, True),
        (AlertState.CLEARED_UNACKNOWLEDGED, False),
        (AlertState.CLEARED, False),
        (AlertState.SHELVED, True),
        (AlertState.SUPPRESSED, True),
        (AlertState.OUT_OF_SERVICE, True),
    ],
)
def test_the_open_alert_of_a_fingerprint_is_still_active(
    records: SqlRecords, state: AlertState, *, is_open: bool
) -> None:
    kept = alert(state=state)
    with records.transaction() as tx:
        saved(tx, kept, alert(fingerprint="another"))
        assert tx.open_alert(kept.fingerprint) == (kept if is_open else None)


def test_of_several_open_alerts_the_newest_is_given(records: SqlRecords) -> None:
    older, newer = alert(), alert(onset=NOON + MINUTE)
    with records.transaction() as tx:
        saved(tx, newer, older)
        assert tx.open_alert(older.fingerprint) == newer


def test_every_step_is_told_to_pages_and_to_the_audit(records: SqlRecords) -> None:
    kept = alert()
    with records.transaction() as tx:
        tx.save_alert(kept, alert_step(kept, note="why"))
        [change] = tx.changes(after=0)
        [entry] = tx.audit_entries()
    assert (change.kind, change.subject) == (ChangeKind.ALERT, kept.id)
    assert (entry.actor_id, entry.action, entry.subject, entry.at) == ("anna", "alert.raise", f"alert:{kept.id}", NOON)
    assert dict(entry.detail) == {"rule": "F01", "subject": "room:a-201", "state": "raised", "note": "why"}
