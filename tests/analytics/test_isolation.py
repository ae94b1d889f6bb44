"""A rule that raises has no verdict, and takes none from the others."""

from collections.abc import Callable
from typing import NoReturn

import polars as pl
import pytest

from analytics import asking
from analytics.causes import without_explanation
from analytics.isolation import Isolation
from analytics.rules import RECORD_RULES, WEEKLY_RULES, WINDOWED_RULES
from analytics.rules.weekly import WeeklyRule
from analytics.runs import Analysis
from premises.watched import each_by_itself
from sensors.errors import InputFault
from sensors.readings import from_epoch_ms
from sensors.subjects import Subject
from sensors.verdicts import Finding, Verdict
from tests.analytics.sites import A201, MONDAY, analysed, batch, days_from, office, registry, room_device, sampled

ASKED = ("A01", "G05", "S02", "S09")
NOTHING = pl.DataFrame(schema={"subject": pl.String})


def broken(*_: object) -> NoReturn:
    msg = "no such column"
    raise ValueError(msg)


def run() -> Analysis:
    readings = batch()
    sampled(readings, "cam", "presence", days_from(MONDAY, 7), lambda t: float(9 <= t.hour < 11))
    return analysed(registry(rooms=[office()], devices=[room_device("cam", A201, "presence")]), readings, *ASKED)


def without(found: Analysis, rule: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.rule != rule]


@pytest.mark.parametrize(
    ("rule", "rules", "broken_rules"),
    [
        ("S02", "WINDOWED_RULES", {**WINDOWED_RULES, "S02": broken}),
        ("S09", "RECORD_RULES", {**RECORD_RULES, "S09": broken}),
        ("A01", "WEEKLY_RULES", {**WEEKLY_RULES, "A01": WeeklyRule(keep=broken, conclude=broken)}),
        ("A01", "WEEKLY_RULES", {**WEEKLY_RULES, "A01": WeeklyRule(keep=lambda _d, _w: NOTHING, conclude=broken)}),
    ],
    ids=["windowed", "registry", "weekly", "weekly at its end"],
)
def test_rule_that_raises_is_named_and_the_others_say_what_they_would(
    rule: str, rules: str, broken_rules: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run()
    monkeypatch.setattr(asking, rules, broken_rules)
    found = run()
    (failure,) = found.failures
    assert (failure.rule, failure.error) == (rule, "ValueError: no such column")
    assert "in broken" in failure.trace
    assert list(found.findings) == without(whole, rule) != list(whole.findings)


def test_rule_is_asked_no_more_after_it_failed() -> None:
    isolation = Isolation()
    assert isolation.ask("A01", broken, "nothing") == "nothing"
    assert isolation.ask("A01", lambda: "something", "nothing") == "nothing"
    assert isolation.ask("A02", lambda: "something", "nothing") == "something"


def test_bad_input_is_no_failure_of_a_rule() -> None:
    def unusable() -> NoReturn:
        msg = "registry.yaml: row 3"
        raise InputFault(msg)

    with pytest.raises(InputFault, match="row 3"):
        Isolation().ask("A01", unusable, None)


def of_watch(failing: str) -> Callable[[tuple[str, ...]], list[Finding]]:
    def judge(rules: tuple[str, ...]) -> list[Finding]:
        if failing in rules:
            broken()
        now, subject = from_epoch_ms(0), Subject.parse("device:panel1")
        return [Finding(rule=rule, subject=subject, verdict=Verdict.PASS, start=now, end=now) for rule in rules]

    return judge


def test_machine_of_the_watch_that_raises_stops_no_other() -> None:
    isolation = Isolation()
    found = each_by_itself(of_watch("F03"), ("F01", "F03", "F06"), isolation)
    assert [each.rule for each in found] == ["F01", "F06"]
    assert [each.rule for each in isolation.failures] == ["F03"]


def test_fault_that_a_failed_rule_might_explain_is_left_as_it_was() -> None:
    now = from_epoch_ms(0)
    told = [
        Finding(rule=rule, subject=Subject.parse("device:d1"), verdict=verdict, start=now, end=now)
        for rule, verdict in (("G01", Verdict.FAULT), ("G01", Verdict.PASS), ("A02", Verdict.FAULT))
    ]
    assert without_explanation(told, ["G04"]) == told[1:]
    assert without_explanation(told, []) == told
