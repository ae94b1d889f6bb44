"""Subjects, findings, readings and topology: what they refuse, and that they cannot be changed."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.events import LASTING_EVENTS, VITAL_EVENTS, EventType
from sensors.readings import Quality, Reading, ReadingBatch, ReadingFlag, epoch_ms, from_epoch_ms
from sensors.subjects import Subject, SubjectKind
from sensors.topology import (
    Building,
    BuildingId,
    Circuit,
    CircuitId,
    CircuitItem,
    DeviceId,
    Name,
    PersonId,
    Registry,
    Room,
    RoomCategory,
    RoomId,
    Site,
    SiteId,
)
from sensors.verdicts import Finding, Severity, Verdict

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HQ = SiteId("hq")
MILLISECONDS = st.integers(min_value=0, max_value=4_102_444_800_000)


def finding(*, start: datetime = NOON, end: datetime = NOON) -> Finding:
    subject = Subject(SubjectKind.ROOM, "a-201")
    return Finding(rule="S02", subject=subject, verdict=Verdict.FAULT, start=start, end=end, evidence={"hours": 3})


def room(identifier: str, *, building: str = "a", holders: int = 0, subtype: str | None = None) -> Room:
    return Room(
        id=RoomId(identifier),
        building=BuildingId(building),
        floor="2",
        name=Name(zh=identifier, en=identifier),
        category=RoomCategory.OFFICE,
        usable_area_m2=18.5,
        holders=tuple(PersonId(f"p{number}") for number in range(holders)),
        subtype=subtype,
    )


def registry(*circuits: Circuit, rooms: tuple[Room, ...] = ()) -> Registry:
    return Registry(
        site=Site(
            id=HQ, name=Name(zh="一号院", en="Compound 1"), timezone="Asia/Shanghai", working_hours="09:00-17:00"
        ),
        buildings={BuildingId("a"): Building(id=BuildingId("a"), name=Name(zh="主楼", en="Main"))},
        rooms={place.id: place for place in rooms},
        circuits={circuit.id: circuit for circuit in circuits},
    )


@pytest.mark.parametrize("text", ["room:a-201", "device:aq1", "circuit:c-2f-light", "building:a", "site:hq"])
def test_subject_reads_what_it_writes(text: str) -> None:
    assert str(Subject.parse(text)) == text


@pytest.mark.parametrize("text", ["", "room", "room:", "ROOM:a", "desk:3", ":a"])
def test_what_is_no_subject_is_refused_with_the_kinds(text: str) -> None:
    with pytest.raises(ValueError, match="one of room, device, gateway, circuit, opening, building, site"):
        Subject.parse(text)


def test_an_identifier_may_hold_a_colon() -> None:
    assert Subject.parse("device:00:1a") == Subject(SubjectKind.DEVICE, "00:1a")


def test_a_finding_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="S02 room:a-201: the period ends before it starts"):
        finding(end=NOON - timedelta(seconds=1))


def test_evidence_is_closed_and_no_longer_follows_its_source() -> None:
    kept = finding().evidence
    with pytest.raises(TypeError):
        kept["hours"] = 4  # type: ignore[index] # the point


def test_values_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        finding().rule = "S03"  # type: ignore[misc] # the point


def test_severities_are_listed_gravest_first() -> None:
    assert list(Severity) == [Severity.RED, Severity.ORANGE, Severity.YELLOW, Severity.BLUE]


def test_epoch_counts_from_utc_whatever_the_offset() -> None:
    local = datetime(2026, 11, 23, 20, tzinfo=timezone(timedelta(hours=8)))
    assert epoch_ms(local) == epoch_ms(NOON) == 1_795_435_200_000


def test_a_time_without_offset_has_no_epoch() -> None:
    with pytest.raises(ValueError, match="without offset"):
        epoch_ms(NOON.replace(tzinfo=None))


@given(MILLISECONDS)
def test_milliseconds_survive_the_way_through_a_time(time_ms: int) -> None:
    assert epoch_ms(from_epoch_ms(time_ms)) == time_ms


@given(
    st.lists(
        st.builds(
            Reading,
            time=MILLISECONDS.map(from_epoch_ms),
            device=st.just(DeviceId("aq1")),
            metric=st.sampled_from(["co2_ppm", "temperature_c"]),
            value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
            phase=st.sampled_from(["", "L1"]),
            quality=st.sampled_from(Quality),
            flags=st.sampled_from(ReadingFlag),
        ),
        max_size=5,
    )
)
def test_columns_hold_what_single_readings_said(readings: list[Reading]) -> None:
    batch = ReadingBatch.of(HQ, readings)
    assert len(batch) == len(readings)
    assert list(batch.readings()) == readings


def test_no_value_is_kept_as_nan_in_the_column() -> None:
    batch = ReadingBatch(site=HQ)
    batch.add(0, "aq1", "co2_ppm", float("nan"), quality=Quality.FAULT)
    assert isnan(batch.value[0])
    assert next(batch.readings()).value is None


def test_batches_join_in_order() -> None:
    first, second = ReadingBatch(site=HQ), ReadingBatch(site=HQ)
    first.add(0, "aq1", "co2_ppm", 400)
    second.add(1, "aq2", "co2_ppm", 500)
    first.extend(second)
    assert [(reading.device, reading.value) for reading in first.readings()] == [("aq1", 400), ("aq2", 500)]


def test_what_must_reach_a_person_lasts_until_cleared() -> None:
    assert VITAL_EVENTS < LASTING_EVENTS < set(EventType)


@pytest.mark.parametrize(("holders", "personal"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_room_of_one_or_two_is_personal(holders: int, *, personal: bool) -> None:
    assert room("a-201", holders=holders).is_personal is personal


def test_a_meeting_room_is_known_by_its_subtype() -> None:
    assert room("a-301", subtype="meeting").is_meeting_room
    assert not room("a-301").is_meeting_room


def test_a_circuit_belongs_to_the_nearest_building_up_its_tree() -> None:
    main = Circuit(id=CircuitId("c-main"), item=CircuitItem.TOTAL, building=BuildingId("a"))
    light = Circuit(id=CircuitId("c-light"), item=CircuitItem.LIGHTING, parent=main.id)
    assert registry(main, light).circuit_building(light.id) == "a"


def test_a_circuit_without_a_tree_belongs_to_the_building_of_its_rooms() -> None:
    light = Circuit(id=CircuitId("c-light"), item=CircuitItem.LIGHTING, serves=(RoomId("a-201"),))
    assert registry(light, rooms=(room("a-201"),)).circuit_building(light.id) == "a"


def test_a_circuit_over_two_buildings_belongs_to_none() -> None:
    rooms = (room("a-201"), room("b-201", building="b"))
    light = Circuit(id=CircuitId("c-light"), item=CircuitItem.LIGHTING, serves=(rooms[0].id, rooms[1].id))
    assert registry(light, rooms=rooms).circuit_building(light.id) is None


def test_the_registry_is_closed_against_change() -> None:
    with pytest.raises(TypeError):
        registry().rooms[RoomId("x")] = room("x")  # type: ignore[index] # the point


def test_a_name_is_given_in_the_language_asked_for() -> None:
    name = Name(zh="会议室", en="Meeting room")
    assert (name.in_language("zh"), name.in_language("en")) == ("会议室", "Meeting room")
