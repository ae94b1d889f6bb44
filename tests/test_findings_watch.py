"""Findings of the colours that the site wants to hear of alert as long as they stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict, Unpack

from analytics.ledger import FindingRecord, Judgement
from premises.watchdog.faults import signal_of
from premises.watchdog.findings_watch import LOOK_EVERY_S, FindingsWatch
from sensors.alarms import Alarm
from sensors.signals import SignalKind
from sensors.subjects import Subject
from sensors.verdicts import Severity
from tests.alerts.factories import registry
from tests.alerts.signals import HQ
from tests.memory_records import NOON


@dataclass(slots=True)
class Seconds:
    """A clock that nobody sets, moved by hand."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class FindingFields(TypedDict, total=False):
    judged: Judgement


@dataclass(slots=True)
class Ledger:
    """The open findings, in memory."""

    records: list[FindingRecord]

    @contextmanager
    def reading(self) -> Iterator["Ledger"]:
        yield self

    def open_findings(self) -> list[FindingRecord]:
        return self.records


def finding(severity: Severity = Severity.ORANGE, **more: Unpack[FindingFields]) -> FindingRecord:
    return FindingRecord(
        id="f1",
        site=HQ,
        rule="E05",
        subject=Subject.parse("room:a-201"),
        severity=severity,
        started=NOON,
        last_seen=NOON,
        **more,
    )


def findings_watch(ledger: Ledger, seconds: Seconds, *colours: Severity) -> FindingsWatch:
    return FindingsWatch(reading=ledger.reading, colours=lambda: frozenset(colours), registry=registry, steady=seconds)


def test_a_finding_of_a_colour_that_is_wanted_alerts_until_it_ends() -> None:
    ledger, seconds = Ledger([finding()]), Seconds()
    watch = findings_watch(ledger, seconds, Severity.ORANGE)
    (fault,) = watch.look(NOON)
    signal = signal_of(HQ, fault, SignalKind.ACTIVE, NOON)
    assert (signal.event, signal.severity, str(signal.subject)) == (Alarm.FINDING, Severity.ORANGE, "room:a-201")
    assert signal.parameters["building"] == "a"
    ledger.records.clear()
    seconds.now_s += LOOK_EVERY_S
    assert watch.look(NOON) == []


def test_findings_of_other_colours_and_those_put_aside_tell_nobody() -> None:
    ledger = Ledger([finding(Severity.YELLOW), finding(judged=Judgement.FALSE)])
    assert findings_watch(ledger, Seconds(), Severity.ORANGE).look(NOON) == []
    assert findings_watch(ledger, Seconds()).look(NOON) == ()
