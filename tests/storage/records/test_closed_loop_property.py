"""Whatever people and the program do to alerts, items and findings, one audit chain tells all of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alerts.commands as alert_acts
import rectification.commands as item_acts
from alerts.model import TRANSITIONS as ALERT_TRANSITIONS
from alerts.model import AlertState, IllegalAlertStepError
from analytics import ledger
from rectification.model import TRANSITIONS as ITEM_TRANSITIONS
from rectification.model import IllegalItemStepError, ItemState
from sensors.actors import Actor, NotPermittedError, Role
from sensors.alarms import Alarm
from sensors.signals import Signal, SignalKind
from sensors.subjects import Subject
from sensors.topology import DeviceId
from sensors.verdicts import Finding, Severity, Verdict
from storage.records import RecordsTransaction
from tests.storage.records.stores import HQ, MINUTE, PLACES, Place, StillClock

ACTORS = [
    Actor(id=name, name=name, roles=frozenset({role}))
    for name, role in (
        ("anna", Role.FACILITY_MANAGER),
        ("bert", Role.FACILITY_MANAGER),
        ("chen", Role.SAFETY_OFFICER),
        ("vera", Role.VIEWER),
    )
]
SUBJECTS = [Subject.parse("room:a"), Subject.parse("room:b")]
REFUSALS = (
    NotPermittedError,
    IllegalAlertStepError,
    IllegalItemStepError,
    item_acts.StepRefusedError,
    LookupError,
)

Act = Callable[[RecordsTransaction, Subject, Actor, StillClock], object]


def signal(subject: Subject, at: datetime) -> Signal:
    return Signal(
        kind=SignalKind.ACTIVE,
        mark=f"hq|F01|{subject}|",
        site=HQ,
        rule="F01",
        event=Alarm.FIRE,
        subject=subject,
        device=DeviceId("panel1"),
        severity=Severity.RED,
        time=at,
        received=at,
    )


def run(tx: RecordsTransaction, subject: Subject, verdict: Verdict, clock: StillClock) -> object:
    grave = Severity.YELLOW if verdict is Verdict.FAULT else None
    told = Finding(
        rule="E04", subject=subject, verdict=verdict, start=clock.time - 5 * MINUTE, end=clock.time, severity=grave
    )
    return ledger.record_run(tx, [told], site=HQ, at=clock.time)


def propose(tx: RecordsTransaction, subject: Subject, actor: Actor, clock: StillClock) -> None:
    for fault in tx.findings_about("E04", subject):
        if fault.ended is None:
            made = item_acts.propose(tx, fault, clock=clock, deadline=deadline, actor=actor)
            ledger.link(tx, fault.id, made.id, actor=actor)


def deadline(found: datetime, days: timedelta) -> date:
    return (found + days).date()


def newest_alert(tx: RecordsTransaction, subject: Subject) -> str:
    return next((each.id for each in tx.alerts() if each.subject == subject), "none")


def newest_item(tx: RecordsTransaction, subject: Subject) -> str:
    return next((each.id for each in tx.items_about("E04", subject)), "none")


ACTS: dict[str, Act] = {
    "raise": lambda tx, subject, _, clock: alert_acts.raise_alert(tx, signal(subject, clock.time), clock=clock),
    "acknowledge": lambda tx, subject, actor, clock: alert_acts.acknowledge(
        tx, newest_alert(tx, subject), actor=actor, clock=clock
    ),
    "clear": lambda tx, subject, actor, clock: alert_acts.clear(
        tx, newest_alert(tx, subject), actor=actor, clock=clock
    ),
    "fault": lambda tx, subject, _, clock: run(tx, subject, Verdict.FAULT, clock),
    "pass": lambda tx, subject, _, clock: run(tx, subject, Verdict.PASS, clock),
    "propose": propose,
    "assign": lambda tx, subject, actor, clock: item_acts.assign(
        tx, newest_item(tx, subject), responsible=actor.id, actor=actor, clock=clock
    ),
    "start": lambda tx, subject, actor, clock: item_acts.start(tx, newest_item(tx, subject), actor=actor, clock=clock),
    "report done": lambda tx, subject, actor, clock: item_acts.report_done(
        tx, newest_item(tx, subject), actor=actor, clock=clock
    ),
    "verify": lambda tx, subject, _, clock: item_acts.verify(tx, newest_item(tx, subject), evidence="{}", clock=clock),
    "refute": lambda tx, subject, _, clock: item_acts.refute(tx, newest_item(tx, subject), evidence="{}", clock=clock),
    "sign off": lambda tx, subject, actor, clock: item_acts.sign_off(
        tx, newest_item(tx, subject), actor=actor, clock=clock
    ),
    "cancel": lambda tx, subject, actor, clock: item_acts.cancel(
        tx, newest_item(tx, subject), actor=actor, clock=clock, note="why"
    ),
}

STEPS = st.lists(
    st.tuples(st.sampled_from(list(ACTS)), st.sampled_from(SUBJECTS), st.sampled_from(ACTORS)), max_size=40
)


@pytest.mark.parametrize("opener", PLACES.values(), ids=list(PLACES))
@given(steps=STEPS)
@settings(max_examples=15, deadline=None)
def test_any_acts_keep_one_chain_that_tells_all_of_them(
    opener: Callable[[], AbstractContextManager[Place]], steps: list[tuple[str, Subject, Actor]]
) -> None:
    clock = StillClock(datetime(2026, 11, 23, tzinfo=UTC))
    with opener() as place:
        records = place.open()
        for act, subject, actor in steps:
            clock.time += MINUTE
            with suppress(*REFUSALS), records.transaction() as tx:
                ACTS[act](tx, subject, actor, clock)
        with records.reading() as tx:
            assert tx.verify_audit() is None
            assert_every_step_is_legal(tx)
            assert_every_step_is_audited(tx)


def assert_every_step_is_legal(tx: RecordsTransaction) -> None:
    for alert in tx.alerts():
        alert_steps = tx.alert_steps(alert.id)
        assert (alert_steps[0].state, alert_steps[-1].state) == (AlertState.RAISED, alert.state)
        for was, now in pairwise(alert_steps):
            assert ALERT_TRANSITIONS[was.state, now.action] is now.state
    for item in tx.items():
        item_steps = tx.item_steps(item.id)
        assert (item_steps[0].state, item_steps[-1].state) == (ItemState.DRAFT, item.state)
        for earlier, later in pairwise(item_steps):
            assert ITEM_TRANSITIONS[earlier.state, later.action] is later.state


def assert_every_step_is_audited(tx: RecordsTransaction) -> None:
    audited = [(each.subject, each.action) for each in reversed(tx.audit_entries(limit=10_000))]
    for alert in tx.alerts():
        expected = [f"alert.{step.action}" for step in tx.alert_steps(alert.id)]
        assert [action for subject, action in audited if subject == f"alert:{alert.id}"] == expected
    for item in tx.items():
        expected = [f"item.{step.action}" for step in tx.item_steps(item.id)]
        assert [action for subject, action in audited if subject == f"item:{item.id}"] == expected
    assert {action for subject, action in audited if subject.startswith("finding:")} <= {
        "finding.open",
        "finding.end",
        "finding.link",
    }
    assert len(tx.changes(after=0, limit=10_000)) >= len(audited)
