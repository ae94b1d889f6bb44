"""The site's own thresholds in the rules over events: live and over the past alike."""

import json
from datetime import date
from pathlib import Path

import pytest

from alerts.logs.rules import LOG_RULES
from alerts.quality import RULE as ALARM_QUALITY
from alerts.watch.machines import LIVE, WATCHED_RULES
from alerts.watch.past import Window, findings_of
from alerts.watch.site import Site
from alerts.watch.watcher import Watcher
from analytics.rules import RULES
from premises.intake.thresholds_now import ThresholdsNow
from sensors.alarms import Alarm
from sensors.catalogue import CATALOGUE
from sensors.events import EventType
from sensors.subjects import Subject
from sensors.thresholds import FIXED, OVERRIDABLE, SAFETY_RULES, Override, Overrides
from sensors.verdicts import Finding, Verdict
from storage.thresholds_file import parse_thresholds
from tests.watch.machines import NOON_MS, Told, site_of
from tests.watch.test_live import Clock, ingest
from tests.watch.test_past import DAY_MS, NOBODY_WROTE, at, events_of, hourly, readings_of

MINUTE_MS = 60_000


def own(rule: str, parameter: str, subject: str, value: float) -> Override:
    return Override(
        rule=rule,
        parameter=parameter,
        subject=Subject.parse(subject),
        value=value,
        by="王芳",
        why="the closer is slow",
        since=date(2026, 1, 1),
    )


def told_with(*overrides: Override) -> Told:
    told = Told()
    told.watcher = Watcher(LIVE, Site(site_of(), live=True, facts=NOBODY_WROTE, overrides=Overrides(overrides)))
    return told


def held_for(seconds: int, *overrides: Override) -> Told:
    """A card, the door opens, and stands open for so long."""
    told = told_with(*overrides)
    told.event(0, EventType.GRANTED, "contact1")
    told.sample(1, "contact1", {"open": 1.0})
    told.tick(seconds)
    return told


def test_every_rule_that_is_judged_can_be_overridden() -> None:
    assert set(RULES) | set(WATCHED_RULES) | LOG_RULES | {ALARM_QUALITY} == OVERRIDABLE
    assert set(WATCHED_RULES) == SAFETY_RULES
    assert all(CATALOGUE[rule].parameter(name) is not None for rule, name in FIXED)


@pytest.mark.parametrize("subject", ["device:contact1", "opening:d-wired", "building:a", "site:hq"])
def test_door_may_stand_open_for_as_long_as_its_own_threshold_says(subject: str) -> None:
    assert held_for(45).said("D01") == ["blue"]
    longer = own("D01", "held_s", subject, 60)
    assert held_for(45, longer).said("D01") == []
    (edge,) = held_for(70, longer).edges
    assert (edge.threshold, edge.overridden) == (60, "held_s 60 (30 s): 王芳, 2026-01-01, the closer is slow")


def test_threshold_of_another_door_changes_nothing_and_is_not_told() -> None:
    (edge,) = held_for(45, own("D01", "held_s", "opening:d-exit", 60)).edges
    assert (edge.threshold, edge.overridden) == (30, "")


def test_denials_cables_and_the_duty_log_go_by_the_sites_thresholds() -> None:
    told = told_with(own("D03", "denials", "site:hq", 2), own("L03", "cable_c", "circuit:c-main", 60))
    for second in (0, 1):
        told.event(second, EventType.DENIED, "contact1")
    told.sample(60, "meter1", {"cable_temperature_c": 65.0})
    told.tick(180)
    assert {edge.rule: edge.threshold for edge in told.edges} == {"D03": 2, "L03": 60}


def test_stricter_threshold_is_taken_up_for_what_lasts_already() -> None:
    told = told_with()
    told.event(0, EventType.FAULT, "panel1", "1/2")
    told.tick(3 * 3600)
    told.watcher.hold(Overrides((own("F03", "open_h", "device:panel1", 2),)))
    told.tick(3 * 3600 + 1)
    assert told.said("F03") == ["orange"]


def test_laxer_threshold_lets_what_waits_wait_longer() -> None:
    told = told_with()
    told.event(0, EventType.MANUAL_MODE, "panel1", "smoke control")
    told.watcher.hold(Overrides((own("F06", "manual_min", "site:hq", 20),)))
    told.tick(600)
    assert told.said("F06") == []
    told.tick(1300)
    assert told.said("F06") == ["red"]


def past(rule: str, *overrides: Override, rows: list[tuple[int, str, str, float]]) -> list[Finding]:
    window = Window(start_ms=NOON_MS, end_ms=NOON_MS + DAY_MS)
    events = events_of(at(5, EventType.MANUAL_MODE, zone="smoke"), at(15, EventType.MANUAL_MODE, over=True, zone=""))
    return findings_of(
        events,
        readings_of(*rows),
        site_of(),
        window=window,
        facts=NOBODY_WROTE,
        overrides=Overrides(overrides),
        rules=(rule,),
    )


def faults(found: list[Finding]) -> list[Finding]:
    return [each for each in found if each.verdict is Verdict.FAULT]


def test_past_is_judged_by_the_same_thresholds() -> None:
    rows = hourly("meter1", "residual_current_ma")
    rows += [(NOON_MS + 7_200_000 + minute * MINUTE_MS, "meter1", "residual_current_ma", 250.0) for minute in range(9)]
    assert faults(past("L01", rows=rows)) == []
    (fault,) = faults(past("L01", own("L01", "residual_ma", "circuit:c-main", 200), rows=rows))
    assert fault.threshold == 200
    assert str(fault.evidence["overridden"]).startswith("residual_ma 200 (300 mA): 王芳")
    assert len(faults(past("F06", rows=[]))) == 1
    assert faults(past("F06", own("F06", "manual_min", "device:panel1", 15), rows=[])) == []


def written(folder: Path, value: float, **more: str) -> None:
    entry = {
        "rule": "F06",
        "parameter": "manual_min",
        "subject": "site:hq",
        "value": value,
        "by": "王芳",
        "why": "field work",
        "since": "2026-01-01",
        **more,
    }
    (folder / "thresholds.yaml").write_text(json.dumps({"thresholds": [entry]}, ensure_ascii=False), encoding="utf-8")


def test_running_watch_follows_its_file_and_keeps_the_last_good_one(tmp_path: Path) -> None:
    written(tmp_path, 20)
    with ingest(tmp_path, Clock(), thresholds=ThresholdsNow(tmp_path / "registry.yaml")) as running:
        running.told(NOON_MS, at(0, EventType.MANUAL_MODE))
        running.tick(NOON_MS + 10 * MINUTE_MS)
        (tmp_path / "thresholds.yaml").write_text("thresholds:\n- {rule: F06}\n", encoding="utf-8")
        running.tick(NOON_MS + 11 * MINUTE_MS)
        refused = (Alarm.THRESHOLDS_REFUSED, "site:hq", "raised")
        assert running.signals() == [refused]
        written(tmp_path, 12)
        running.tick(NOON_MS + 13 * MINUTE_MS)
        over, manual = (*refused[:2], "cleared"), (Alarm.MANUAL_MODE, "device:panel1", "raised")
        assert set(running.signals()) == {refused, over, manual}


def test_threshold_since_tomorrow_holds_from_tomorrow(tmp_path: Path) -> None:
    written(tmp_path, 20, since="2026-11-24")
    now = ThresholdsNow(tmp_path / "registry.yaml")
    now.look(site_of(), NOON_MS)
    first = now.overrides
    now.look(site_of(), NOON_MS)
    assert now.overrides is first
    far_ms = NOON_MS + 400 * DAY_MS
    now.look(site_of(), far_ms)
    assert [each.value for each in now.overrides.entries] == [20]


@pytest.mark.parametrize(
    ("rule", "parameter", "stricter", "laxer"),
    [("L01", "residual_ma", 200, 400), ("F07", "staff", 3, 1), ("F02", "fire_s", 8, 30)],
)
def test_safety_limit_below_its_standard_needs_a_reason_of_its_own(
    rule: str, parameter: str, stricter: float, laxer: float
) -> None:
    entry = {
        "rule": rule,
        "parameter": parameter,
        "subject": "site:hq",
        "by": "王芳",
        "why": "x",
        "since": "2026-01-01",
    }
    entries = ({**entry, "value": stricter}, {**entry, "value": laxer})
    approved = {**entry, "value": laxer, "beyond_standard": "approved by the fire brigade"}
    strict, lax, told = (
        parse_thresholds(json.dumps({"thresholds": [each]}).encode(), site_of()) for each in (*entries, approved)
    )
    assert (strict[1], told[1]) == ([], [])
    (fault,) = lax[1]
    assert "beyond_standard" in fault.reason
    assert "approved by the fire brigade" in told[0].entries[0].told
