"""What people wrote down decides rules over events: over what is stored, here and in a worker process."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter

from alerts.watch.facts import NO_FACTS, Facts, Settled
from analytics import runs
from analytics.calendar import BUILT_IN_HOLIDAYS
from analytics.runs import Request
from premises.home import Home
from premises.jobs.analysis_jobs import AnalysisJobs, Job, TouchedStore
from premises.watched import watching
from sensors.events import Event, EventState, EventType
from sensors.logs import DutyEntry, DutyKind, Isolation, IsolationAction, IsolationStep, KeptIsolation
from sensors.readings import epoch_ms
from sensors.subjects import Subject
from sensors.topology import DeviceId
from sensors.verdicts import Finding, Verdict
from simulators import registry_text
from simulators.building import office_building
from storage.readings.duckdb import DuckDBReadingStore
from storage.readings.memory import MemoryReadingStore

DAY = datetime(2026, 10, 20, tzinfo=UTC) - timedelta(hours=8)
"""The beginning of a local day in Kunming."""
LOCAL_DAY = date(2026, 10, 20)
HOUR = timedelta(hours=1)
BUILDING = office_building(9, start=DAY.date())
PANEL = DeviceId("panel-1")
QUIET = replace(BUILDING.devices[PANEL], interval_s=None, heartbeat_s=None)
REGISTRY = replace(BUILDING, devices={**BUILDING.devices, PANEL: QUIET})
"""A panel of which nobody knows how often it speaks: its silence tells nothing."""
SITE = REGISTRY.site.id
REQUEST = Request(rules=("F05", "F07"), first=LOCAL_DAY, last=LOCAL_DAY)


def told(kind: EventType, hours: float, state: EventState = EventState.ACTIVE, zone: str = "") -> Event:
    at = DAY + hours * HOUR
    return Event(site=SITE, gateway="gw1", device=PANEL, type=kind, state=state, time=at, received=at, zone=zone)


def entry(hours: float) -> DutyEntry:
    at, named = DAY + hours * HOUR, ("甲", "乙")
    return DutyEntry(
        id=f"d{hours}", site=SITE, kind=DutyKind.ROUND, at=at, present=named, entered=at, entered_by="anna"
    )


def duty_log(*, but: float) -> Facts:
    entries = tuple(entry(hours) for hours in range(-2, 24, 2) if hours != but)
    return Facts(known=True, duty=entries, duty_began=DAY - timedelta(days=9))


def approved() -> Facts:
    isolation = Isolation(
        id="i1",
        site=SITE,
        subject=Subject.parse(f"device:{PANEL}"),
        reason="repair",
        starts=DAY,
        planned_end=DAY + 12 * HOUR,
        applicant="ben",
        entered=DAY,
    )
    step = IsolationStep(isolation_id="i1", action=IsolationAction.APPROVE, actor_id="anna", at=DAY)
    return Facts(known=True, isolations=(KeptIsolation(isolation=isolation, steps=(step,)),))


def judged(rule: str, facts: Facts, *events: Event) -> list[Finding]:
    store = MemoryReadingStore()
    store.append_events(events)
    request = Request(
        rules=REQUEST.rules, first=REQUEST.first, last=REQUEST.last, now_ms=epoch_ms(DAY + timedelta(days=1))
    )
    answer = watching(runs.analyse, Settled(facts))(
        registry=REGISTRY, holidays=BUILT_IN_HOLIDAYS["none"], store=store, request=request
    )
    return [each for each in answer.findings if each.rule == rule]


def test_log_and_answered_roll_calls_make_one_verdict_of_a_day() -> None:
    called = told(EventType.ROLL_CALL, 8, EventState.MOMENTARY, "answered")
    [present] = judged("F07", duty_log(but=8), called)
    assert (str(present.subject), present.verdict) == (f"site:{SITE}", Verdict.PASS)
    [gap] = judged("F07", duty_log(but=8), told(EventType.ROLL_CALL, 8, EventState.MOMENTARY, "unanswered"))
    assert (gap.verdict, gap.value) == (Verdict.FAULT, 4.0)


def test_where_no_log_is_kept_roll_calls_alone_are_judged() -> None:
    calls = [told(EventType.ROLL_CALL, hours, EventState.MOMENTARY) for hours in (1, 2, 9)]
    assert Verdict.FAULT in {each.verdict for each in judged("F07", Facts(known=True), *calls)}


def test_where_the_log_is_not_at_hand_roll_calls_prove_no_gap() -> None:
    calls = [told(EventType.ROLL_CALL, hours, EventState.MOMENTARY) for hours in (1, 2, 9)]
    [found] = judged("F07", NO_FACTS, *calls)
    assert (found.verdict, found.missing) == (Verdict.INSUFFICIENT_DATA, ("duty_log",))


def test_an_approval_that_was_written_down_keeps_an_isolation_from_being_a_fault() -> None:
    spell = (told(EventType.ISOLATION, 1), told(EventType.ISOLATION, 3, EventState.CLEARED))
    assert Verdict.FAULT in {each.verdict for each in judged("F05", Facts(known=True), *spell)}
    assert Verdict.FAULT not in {each.verdict for each in judged("F05", approved(), *spell)}


def test_worker_asks_what_people_wrote_down(tmp_path: Path) -> None:
    home, store = Home.find(tmp_path), DuckDBReadingStore(tmp_path / "readings.duckdb")
    home.registry.write_text(registry_text(REGISTRY), encoding="utf-8")
    touched = TouchedStore(store)
    touched.append_from_spool(
        "history", last_entry=1, events=[told(EventType.ROLL_CALL, 8, EventState.MOMENTARY, "answered")]
    )
    job = Job(
        registry=home.registry,
        rules=("F07",),
        first=REQUEST.first,
        last=REQUEST.last,
        now_ms=epoch_ms(DAY + timedelta(days=1)),
    )
    [found] = AnalysisJobs(home, touched, written=Settled(duty_log(but=8))).findings(job)
    store.close()
    assert (found.rule, found.verdict) == ("F07", Verdict.PASS)


def test_facts_survive_the_way_between_processes() -> None:
    adapter = TypeAdapter(Facts)
    for facts in (NO_FACTS, approved(), duty_log(but=8)):
        back = adapter.validate_python(adapter.dump_python(facts, mode="json"))
        assert (list(back.isolations), list(back.duty), back.duty_began) == (
            list(facts.isolations),
            list(facts.duty),
            facts.duty_began,
        )
