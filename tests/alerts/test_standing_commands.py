"""What people say beforehand has an author, a reason and an end, and a real fire is not theirs to put aside."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import standing_commands as commands
from alerts.commands import UnknownAlertError, acknowledge, alert_of, clear, raise_alert
from alerts.matching import Matcher
from alerts.model import Alert, AlertAction, AlertState, IllegalAlertStepError
from alerts.standing_commands import (
    LIMITS,
    DrillGiven,
    OutOfServiceGiven,
    SilenceGiven,
    StandingDesk,
    StandingRefusal,
    StandingRefusedError,
    UnknownStandingError,
)
from sensors.actors import Actor, NotPermittedError
from sensors.alarms import Alarm, AlarmKind
from sensors.signals import Signal
from sensors.verdicts import Severity
from tests.alerts.memory_standing import MemoryStanding
from tests.alerts.signals import signal_of
from tests.memory_records import NOON, HandClock
from tests.people import MANAGER, OFFICER, VIEWER

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
DOORS = Matcher(kinds=frozenset({AlarmKind.DOOR}))
SECOND_FLOOR = Matcher(zones=frozenset({"2F"}))
SILENCE = SilenceGiven(matcher=DOORS, comment=" 换门锁 ", ends=NOON + HOUR)
DRILL = DrillGiven(matcher=SECOND_FLOOR, comment="autumn drill", ends=NOON + HOUR)
OUT = OutOfServiceGiven(subject="device:d1", comment="new battery", until=NOON + HOUR)


def desk(actor: Actor = OFFICER, clock: HandClock | None = None) -> StandingDesk:
    return StandingDesk(actor=actor, clock=clock or HandClock())


def raised(tx: MemoryStanding, signal: Signal | None = None) -> Alert:
    return raise_alert(tx, signal or signal_of(), clock=HandClock())


def refused(refusal: StandingRefusal) -> "pytest.RaisesExc[StandingRefusedError]":
    return pytest.raises(StandingRefusedError, check=lambda error: error.refusal is refusal)


# Silences.


def test_silence_names_its_author_its_reason_and_its_end() -> None:
    tx = MemoryStanding()
    made = commands.create_silence(tx, SILENCE, desk=desk())
    assert (made.author, made.comment, made.starts, made.ends) == (OFFICER.id, "换门锁", NOON, NOON + HOUR)
    assert tx.log == [("create", OFFICER.id, made.id)]
    assert list(commands.standing_of(tx, NOON).silences) == [made]


def test_silence_that_somebody_ends_ends_at_once_and_stays_known() -> None:
    tx, clock = MemoryStanding(), HandClock()
    made = commands.create_silence(tx, SILENCE, desk=desk(clock=clock))
    clock.move(minutes=5)
    ended = commands.end_silence(tx, made.id, desk=desk(MANAGER, clock))
    assert (ended.ends, ended.ended_by) == (clock.now(), MANAGER.id)
    assert tx.silence(made.id) == ended
    with refused(StandingRefusal.OVER_ALREADY):
        commands.end_silence(tx, made.id, desk=desk(clock=clock))


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (replace(SILENCE, comment=" "), StandingRefusal.COMMENT_MISSING),
        (replace(SILENCE, ends=NOON), StandingRefusal.ENDS_BEFORE_IT_STARTS),
        (replace(SILENCE, starts=NOON + DAY), StandingRefusal.ENDS_BEFORE_IT_STARTS),
        (replace(SILENCE, ends=NOON + LIMITS.silence + SECOND), StandingRefusal.TOO_LONG),
        (replace(SILENCE, ends=NOON + LIMITS.recurring + SECOND, hours=((0, 60),)), StandingRefusal.TOO_LONG),
        (replace(SILENCE, matcher=Matcher()), StandingRefusal.ASKS_NOTHING),
    ],
)
def test_silence_without_reason_end_or_bounds_is_refused(given: SilenceGiven, refusal: StandingRefusal) -> None:
    tx = MemoryStanding()
    with refused(refusal):
        commands.create_silence(tx, given, desk=desk())
    assert tx.log == []


def test_only_what_recurs_may_last_longer_than_a_month() -> None:
    long = replace(SILENCE, ends=NOON + LIMITS.recurring, weekdays=frozenset({6}))
    assert commands.create_silence(MemoryStanding(), long, desk=desk()).weekdays == {6}


def test_silence_begins_no_earlier_than_it_is_made() -> None:
    made = commands.create_silence(MemoryStanding(), replace(SILENCE, starts=NOON - DAY), desk=desk())
    assert made.starts == NOON


# Drills.


def test_drill_needs_a_place() -> None:
    with refused(StandingRefusal.NO_PLACE):
        commands.start_drill(MemoryStanding(), replace(DRILL, matcher=DOORS), desk=desk())


def test_drill_is_the_safety_officers_and_anyone_who_acknowledges_may_end_it() -> None:
    tx = MemoryStanding()
    with pytest.raises(NotPermittedError):
        commands.start_drill(tx, DRILL, desk=desk(MANAGER))
    made = commands.start_drill(tx, DRILL, desk=desk(OFFICER))
    assert commands.end_drill(tx, made.id, desk=desk(MANAGER)).ended_by == MANAGER.id


def test_drill_lasts_hours_not_days() -> None:
    with refused(StandingRefusal.TOO_LONG):
        commands.start_drill(MemoryStanding(), replace(DRILL, ends=NOON + DAY), desk=desk())


# Shelves.


def test_shelved_alert_comes_back_when_somebody_says_so() -> None:
    tx, clock = MemoryStanding(), HandClock()
    alert = raised(tx)
    until = NOON + HOUR
    kept = commands.shelve(tx, alert.id, until=until, comment="drying", desk=desk(clock=clock))
    assert kept.state is AlertState.SHELVED
    [shelf] = commands.standing_of(tx, NOON).shelves
    assert (shelf.fingerprint, shelf.alert_id, shelf.until, shelf.comment) == (
        *(alert.fingerprint, alert.id),
        *(until, "drying"),
    )
    clock.move(minutes=1)
    assert commands.unshelve(tx, alert.id, desk=desk(MANAGER, clock)).state is AlertState.RAISED
    [over] = commands.standing_of(tx, clock.now()).shelves
    assert (over.until, over.ended_by) == (clock.now(), MANAGER.id)


def test_shelf_ends_by_itself() -> None:
    tx, clock = MemoryStanding(), HandClock()
    alert = raised(tx)
    commands.shelve(tx, alert.id, until=NOON + HOUR, comment="drying", desk=desk(clock=clock))
    assert commands.bring_in_line(tx, clock=clock) == 0
    clock.move(hours=1)
    assert commands.bring_in_line(tx, clock=clock) == 1
    assert commands.bring_in_line(tx, clock=clock) == 0
    assert tx.alert_rows[alert.id].state is AlertState.RAISED
    assert tx.alert_log[-1].actor_id == "system:standing"


def test_real_fire_is_shelved_only_after_somebody_saw_it() -> None:
    tx = MemoryStanding()
    fire = raised(tx, signal_of(Alarm.FIRE))
    with pytest.raises(IllegalAlertStepError):
        commands.shelve(tx, fire.id, until=NOON + HOUR, comment="toast", desk=desk())
    assert tx.log == []
    acknowledge(tx, fire.id, actor=OFFICER, clock=HandClock())
    assert commands.shelve(tx, fire.id, until=NOON + HOUR, comment="toast", desk=desk()).state is AlertState.SHELVED


def test_shelf_of_more_than_a_day_is_refused() -> None:
    tx = MemoryStanding()
    with refused(StandingRefusal.TOO_LONG):
        commands.shelve(tx, raised(tx).id, until=NOON + 2 * DAY, comment="c", desk=desk())


# Out of service.


def test_alerts_of_what_is_out_of_service_follow_it_there_and_back() -> None:
    tx, clock = MemoryStanding(), HandClock()
    alert = raised(tx)
    elsewhere = raised(tx, signal_of(subject="device:d2"))
    made = commands.take_out_of_service(tx, OUT, desk=desk(clock=clock))
    later = raised(tx, signal_of(Alarm.FORCED))
    commands.bring_in_line(tx, clock=clock)
    states = {each.id: each.state for each in tx.alert_rows.values()}
    assert states == {
        alert.id: AlertState.OUT_OF_SERVICE,
        later.id: AlertState.OUT_OF_SERVICE,
        elsewhere.id: AlertState.RAISED,
    }
    clock.move(minutes=1)
    commands.put_back(tx, made.id, desk=desk(clock=clock))
    assert {each.state for each in tx.alert_rows.values()} == {AlertState.RAISED}


def test_what_is_out_of_service_comes_back_at_its_planned_end() -> None:
    tx, clock = MemoryStanding(), HandClock()
    alert = raised(tx)
    commands.take_alert_out_of_service(tx, alert.id, until=NOON + HOUR, comment="c", desk=desk(clock=clock))
    clock.move(hours=1)
    commands.bring_in_line(tx, clock=clock)
    assert tx.alert_rows[alert.id].state is AlertState.RAISED


def test_real_fire_stays_in_service() -> None:
    tx = MemoryStanding()
    fire = raised(tx, signal_of(Alarm.FIRE))
    commands.take_out_of_service(tx, OUT, desk=desk())
    assert tx.alert_rows[fire.id].state is AlertState.RAISED


def test_what_is_out_of_service_is_not_taken_out_again() -> None:
    tx = MemoryStanding()
    commands.take_out_of_service(tx, OUT, desk=desk())
    with refused(StandingRefusal.STANDS_ALREADY):
        commands.take_out_of_service(tx, OUT, desk=desk())


# By design.


def test_suppressed_alert_names_what_explains_it_and_comes_back() -> None:
    tx, clock = MemoryStanding(), HandClock()
    alert = raised(tx, signal_of(Alarm.DOOR_OFFLINE))
    suppressed = commands.suppress(tx, alert.id, by="gateway alert", clock=clock)
    assert suppressed is not None
    assert suppressed.state is AlertState.SUPPRESSED
    assert (tx.alert_log[-1].action, tx.alert_log[-1].note) == (AlertAction.SUPPRESS, "gateway alert")
    assert commands.suppress(tx, alert.id, by="again", clock=clock) is None
    back = commands.release(tx, alert.id, clock=clock)
    assert back is not None
    assert back.state is AlertState.RAISED


@pytest.mark.parametrize("event", [Alarm.FIRE, Alarm.SMOKE, Alarm.EXIT_LOCKED, Alarm.MANUAL_MODE])
def test_real_fire_is_never_suppressed(event: Alarm) -> None:
    tx = MemoryStanding()
    fire = raised(tx, signal_of(event))
    assert commands.suppress(tx, fire.id, by="anything", clock=HandClock()) is None
    assert tx.alert_rows[fire.id].state is AlertState.RAISED


def test_suppressed_alert_that_is_over_asks_for_nobody() -> None:
    tx, clock = MemoryStanding(), HandClock()
    alert = raised(tx)
    commands.suppress(tx, alert.id, by="x", clock=clock)
    assert clear(tx, alert.id, actor=OFFICER, clock=clock).state is AlertState.CLEARED


# Who may.


def test_who_may_only_read_can_have_nothing_stand() -> None:
    tx = MemoryStanding()
    alert = raised(tx)
    viewer = desk(VIEWER)
    silence = commands.create_silence(tx, SILENCE, desk=desk())
    drill = commands.start_drill(tx, DRILL, desk=desk())
    out = commands.take_out_of_service(tx, replace(OUT, subject="device:d9"), desk=desk())
    before = list(tx.log)
    acts = (
        lambda: commands.create_silence(tx, SILENCE, desk=viewer),
        lambda: commands.end_silence(tx, silence.id, desk=viewer),
        lambda: commands.start_drill(tx, DRILL, desk=viewer),
        lambda: commands.end_drill(tx, drill.id, desk=viewer),
        lambda: commands.shelve(tx, alert.id, until=NOON + HOUR, comment="c", desk=viewer),
        lambda: commands.unshelve(tx, alert.id, desk=viewer),
        lambda: commands.take_out_of_service(tx, OUT, desk=viewer),
        lambda: commands.put_back(tx, out.id, desk=viewer),
    )
    for act in acts:
        with pytest.raises(NotPermittedError):
            act()
    assert tx.log == before


def test_what_is_not_there_is_named() -> None:
    tx = MemoryStanding()
    for end in (commands.end_silence, commands.end_drill, commands.put_back):
        with pytest.raises(UnknownStandingError, match="'nothing'"):
            end(tx, "nothing", desk=desk())
    with pytest.raises(UnknownAlertError):
        commands.take_alert_out_of_service(tx, "nothing", until=NOON + HOUR, comment="c", desk=desk())


def test_alert_of_another_colour_is_no_other_rule() -> None:
    tx = MemoryStanding()
    yellow = replace(alert_of(signal_of(Alarm.FIRE)), severity=Severity.YELLOW)
    tx.alert_rows[yellow.id] = yellow
    with pytest.raises(IllegalAlertStepError):
        commands.shelve(tx, yellow.id, until=NOON + HOUR, comment="c", desk=desk())
