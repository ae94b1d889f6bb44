"""S07 to S10: what the registry alone tells, without a single reading."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import pytest

from analytics.calendar import WeekdaysOnly
from analytics.runs import Analysis, NoReadingsError, Request, analyse
from sensors.readings import epoch_ms
from sensors.topology import (
    BuildingId,
    DepartmentId,
    Exemption,
    OrganLevel,
    Person,
    PersonId,
    Registry,
    Room,
    Tenure,
)
from sensors.verdicts import Finding, Severity, Verdict
from storage.readings.memory import MemoryReadingStore
from tests.analytics.sites import A201, A202, about, local, office, registry, site

ROOM, NEXT = "room:a-201", "room:a-202"
TODAY = date(2026, 3, 31)
P1, P2 = PersonId("p01"), PersonId("p02")


def holder(
    person: PersonId = P1,
    rank: str | None = "县级/正科级",
    *,
    left: date | None = None,
    post_ended: date | None = None,
    department: str | None = None,
) -> Person:
    return Person(
        id=person,
        name=person,
        rank=rank,
        left=left,
        concurrent_post_ended=post_ended,
        department=None if department is None else DepartmentId(department),
    )


def held(room: Room | None = None, *holders: PersonId) -> Room:
    return replace(room or office(), holders=holders or (P1,))


def place(rooms: Iterable[Room], *people: Person, level: OrganLevel | None = None) -> Registry:
    bare = registry(rooms=rooms, at=replace(site(), organ_level=level))
    return replace(bare, people={person.id: person for person in people})


def judged(registered: Registry, *rules: str, last: date = TODAY, first: date | None = None) -> Analysis:
    request = Request(rules=rules, first=first, last=last)
    return analyse(registry=registered, holidays=WeekdaysOnly(), store=MemoryReadingStore(), request=request)


def one(registered: Registry, rule: str, subject: str = ROOM, *, last: date = TODAY) -> Finding:
    (finding,) = about(judged(registered, rule, last=last), subject)
    return finding


# --- S07: area above quota


def test_s07_area_above_the_quota_is_found_with_its_figure() -> None:
    finding = one(place([held(office(area_m2=20.0))], holder()), "S07")  # 20 - 18
    assert (finding.verdict, finding.severity) == (Verdict.FAULT, Severity.ORANGE)
    assert (finding.value, finding.threshold, finding.unit) == (2.0, 0.5, "m²")
    assert finding.evidence == {"area_m2": 20.0, "quota_m2": 18, "holders": 1, "rooms": 1}
    assert (finding.start, finding.end) == (local(TODAY), local(date(2026, 4, 1)))


def test_s07_half_a_metre_above_is_tolerated() -> None:
    finding = one(place([held(office(area_m2=18.5))], holder()), "S07")
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0.5)


def test_s07_holders_of_one_room_have_their_quotas_together() -> None:
    shared = held(office(area_m2=27.4), P1, P2)  # 18 + 9
    finding = one(place([shared], holder(), holder(P2, "县级/科级以下")), "S07")
    assert (finding.verdict, finding.value, finding.evidence["holders"]) == (Verdict.PASS, 0.4, 2)


def test_s07_a_person_with_two_rooms_has_one_quota_and_one_finding_about_the_larger() -> None:
    rooms = [held(office(A201, area_m2=10.0)), held(office(A202, area_m2=12.0))]  # 22 - 18
    analysis = judged(place(rooms, holder()), "S07")
    (larger,), (smaller,) = about(analysis, NEXT), about(analysis, ROOM)
    assert (larger.verdict, larger.value, larger.evidence["rooms"]) == (Verdict.FAULT, 4.0, 2)
    assert (smaller.verdict, smaller.missing) == (Verdict.NOT_APPLICABLE, ("a verdict of its own: see room:a-202",))


def test_s07_rooms_tied_by_holders_in_a_ring_are_judged_once() -> None:
    rooms = [held(office(A201, area_m2=18.0), P1, P2), held(office(A202, area_m2=9.0), P2)]  # 27 - 27
    assert one(place(rooms, holder(), holder(P2, "县级/科级以下")), "S07").value == 0.0


def test_s07_a_top_ranks_toilet_counts_only_beyond_six_metres() -> None:
    room = replace(held(office(area_m2=62.0)), toilet_m2=7.0)  # 62 - 6 - 54
    finding = one(place([room], holder(rank="部级正职"), level=OrganLevel.CENTRAL), "S07")
    assert (finding.verdict, finding.value, finding.evidence["toilet_apart_m2"]) == (Verdict.FAULT, 2.0, 6)


def test_s07_the_toilet_of_another_rank_counts() -> None:
    room = replace(held(office(area_m2=22.0)), toilet_m2=4.0)
    assert one(place([room], holder()), "S07").value == 4.0


def test_s07_an_approved_exemption_is_respected_to_its_last_day_and_the_fault_begins_the_day_after() -> None:
    allowed = Exemption(reason="listed building", approved_by="bureau", until=date(2026, 3, 20))
    registered = place([replace(held(office(area_m2=30.0)), exemption=allowed)], holder())
    assert one(registered, "S07", last=date(2026, 3, 20)).verdict is Verdict.PASS
    expired = one(registered, "S07")
    assert (expired.verdict, expired.start) == (Verdict.FAULT, local(date(2026, 3, 21)))


@pytest.mark.parametrize(("reason", "approved_by"), [("", "bureau"), ("listed building", " ")])
def test_s07_an_exemption_without_reason_or_approval_is_none(reason: str, approved_by: str) -> None:
    room = replace(held(office(area_m2=30.0)), exemption=Exemption(reason=reason, approved_by=approved_by))
    assert one(place([room], holder()), "S07").verdict is Verdict.FAULT


@pytest.mark.parametrize(
    ("rank", "missing"),
    [
        (None, "person.rank"),
        ("正科级", "site.organ_level"),
        ("县级/科长", "person.rank"),
        ("村级/正科级", "person.rank"),
    ],
)
def test_s07_without_a_known_rank_is_not_applicable_and_says_what_is_missing(rank: str | None, missing: str) -> None:
    finding = one(place([held()], holder(rank=rank)), "S07")
    assert (finding.verdict, finding.missing) == (Verdict.NOT_APPLICABLE, (missing,))


def test_s07_without_area_or_holder_is_not_applicable() -> None:
    assert one(place([held(office(area_m2=0.0))], holder()), "S07").missing == ("room.usable_area_m2",)
    assert one(place([office()]), "S07").missing == ("room.holders",)


def test_s07_who_should_have_vacated_has_no_quota_and_the_room_is_left_to_s08() -> None:
    registered = place([held(office(area_m2=30.0))], holder(left=date(2026, 1, 10)))
    assert one(registered, "S07", last=date(2026, 2, 10)).verdict is Verdict.FAULT
    assert one(registered, "S07").missing == ("a holder who has not left: see S08",)


def test_s07_and_s10_say_nothing_of_restricted_rooms() -> None:
    room = replace(held(office(area_m2=60.0)), restricted=True, tenure=Tenure.LET)
    assert judged(place([room], holder(left=date(2025, 1, 1))), "S07", "S08", "S10").findings == ()


# --- S08: not vacated


def test_s08_is_found_the_day_after_the_month_is_over() -> None:
    registered = place([held()], holder(left=date(2026, 1, 31)))  # by 28 February, the month's last day
    assert one(registered, "S08", last=date(2026, 2, 28)).verdict is Verdict.PASS
    finding = one(registered, "S08", last=date(2026, 3, 1))
    assert (finding.verdict, finding.severity) == (Verdict.FAULT, Severity.YELLOW)
    assert (finding.value, finding.threshold, finding.unit) == (29, 28, "d")
    assert finding.start == local(date(2026, 3, 1))
    assert finding.evidence == {"left": "2026-01-31", "vacate_by": "2026-02-28", "claims": 1}


def test_s08_who_leaves_in_the_future_has_not_left() -> None:
    finding = one(place([held()], holder(left=date(2026, 6, 30))), "S08")
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0)


def test_s08_a_second_office_is_kept_two_months_after_its_post_and_the_first_for_good() -> None:
    own, other = (
        replace(office(A201), department=DepartmentId("a")),
        replace(office(A202), department=DepartmentId("b")),
    )
    person = holder(post_ended=date(2026, 1, 15), department="b")
    registered = place([held(own), held(other)], person)
    assert one(registered, "S08", last=date(2026, 3, 15)).verdict is Verdict.PASS
    late = one(registered, "S08", last=date(2026, 3, 16))
    assert (late.verdict, late.evidence["post"]) == (Verdict.FAULT, "second_office")
    assert one(registered, "S08", NEXT).verdict is Verdict.PASS


def test_s08_of_several_holders_who_left_the_first_counts() -> None:
    registered = place([held(None, P1, P2)], holder(left=date(2026, 2, 1)), holder(P2, left=date(2025, 12, 1)))
    finding = one(registered, "S08")
    assert (finding.evidence["left"], finding.evidence["claims"]) == ("2025-12-01", 2)


def test_s08_an_office_that_nobody_holds_is_not_applicable() -> None:
    assert one(place([office()]), "S08").missing == ("room.holders",)


# --- S09, S10: papers and tenure


def certified(**papers: str | None) -> Registry:
    bare = place([])
    building = replace(bare.buildings[BuildingId("a")], **papers)  # type: ignore[arg-type]  # the papers are text
    return replace(bare, buildings={building.id: building})


def test_s09_a_paper_that_is_written_down_as_absent_is_a_fault() -> None:
    finding = one(certified(title_certificate="", land_certificate="L-1", owner=""), "S09", "building:a")
    assert (finding.verdict, finding.value, finding.threshold) == (Verdict.FAULT, 2, 0)
    assert finding.evidence == {"title_certificate": "absent", "land_certificate": "recorded", "owner": "absent"}


def test_s09_complete_papers_pass() -> None:
    complete = certified(title_certificate="T-1", land_certificate="L-1", owner="bureau")
    assert one(complete, "S09", "building:a").verdict is Verdict.PASS


def test_s09_papers_that_the_registry_does_not_speak_of_are_not_judged() -> None:
    finding = one(certified(title_certificate="T-1"), "S09", "building:a")
    assert finding.verdict is Verdict.NOT_APPLICABLE
    assert finding.missing == ("building.land_certificate", "building.owner")


@pytest.mark.parametrize("tenure", [Tenure.LET, Tenure.LENT, Tenure.ENTERPRISE])
def test_s10_a_room_in_other_hands_is_found_with_its_area(tenure: Tenure) -> None:
    finding = one(place([replace(office(area_m2=24.5), tenure=tenure)]), "S10")
    assert (finding.verdict, finding.severity, finding.value) == (Verdict.FAULT, Severity.ORANGE, 24.5)
    assert finding.evidence == {"tenure": tenure.value}


def test_s10_own_use_passes_and_an_unwritten_tenure_is_not_applicable() -> None:
    assert one(place([replace(office(), tenure=Tenure.OWN)]), "S10").verdict is Verdict.PASS
    assert one(place([office()]), "S10").missing == ("room.tenure",)


# --- how they run


def test_without_readings_all_rules_may_be_asked_and_the_registry_answers() -> None:
    analysis = judged(place([held(office(area_m2=20.0))], holder()), "S02", "S07")
    assert {finding.rule for finding in analysis.findings} == {"S07"}


def test_without_readings_and_without_a_word_in_the_registry_it_is_said_that_there_are_none() -> None:
    with pytest.raises(NoReadingsError):
        judged(place([office()]), "S02", "S07")


def test_the_clock_says_which_day_is_meant_where_no_day_is_named() -> None:
    now = epoch_ms(datetime.fromisoformat("2026-03-01T09:00:00+08:00"))
    analysis = analyse(
        registry=place([held()], holder(left=date(2026, 1, 31))),
        holidays=WeekdaysOnly(),
        store=MemoryReadingStore(),
        request=Request(rules=("S08",), now_ms=now),
    )
    assert about(analysis, ROOM)[0].verdict is Verdict.FAULT
