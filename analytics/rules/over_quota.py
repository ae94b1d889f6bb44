"""S07: offices that are larger than their holders may have."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from analytics.frame import TOLERANCE, RunData, not_applicable, room_subject
from analytics.rules.not_vacated import HOLDERS, is_office, vacated_by
from analytics.rules.record import recorded
from sensors.catalogue.figures import AreaQuota, area_quota, may_have_toilet, rank_level
from sensors.topology import Person, PersonId, Registry, Room, RoomId
from sensors.verdicts import Finding

RULE = "S07"
AREA, RANK, LEVEL = "room.usable_area_m2", "person.rank", "site.organ_level"
SEE_NOT_VACATED = "a holder who has not left: see S08"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holding:
    """Offices that are judged together because somebody holds several of them, and all who hold any of them."""

    rooms: tuple[Room, ...]
    holders: tuple[Person, ...]

    @property
    def largest(self) -> Room:
        """Return the room that the finding is about: the largest, of equal ones the first by its id."""
        return min(self.rooms, key=lambda room: (-room.usable_area_m2, room.id))


def over_quota(data: RunData) -> list[Finding]:
    """Return the verdict about each office: its area above the quotas of its holders together, m².

    A person has one quota: offices that share a holder are judged together, in one finding about the largest of them.
    An exemption with reason and approval lets its room out until it ends. Who has left and should have vacated the
    room by now has no quota any more; where nobody else holds the room, that is S08's finding.
    """
    offices = [room for room in data.registry.rooms.values() if is_office(room)]
    exempt = [room for room in offices if _is_exempt(room, data.window.last)]
    counted = [room for room in offices if room not in exempt]
    held = [room for room in counted if room.holders]
    return [
        *(_exempted(data, room) for room in exempt),
        *(not_applicable(data, RULE, room_subject(room.id), HOLDERS) for room in counted if not room.holders),
        *(finding for holding in _holdings(data.registry, held) for finding in _judged(data, holding)),
    ]


def _is_exempt(room: Room, day: date) -> bool:
    """Say whether somebody allowed the room: with a reason, an approval, and for a time that is not over."""
    allowed = room.exemption
    if allowed is None or not allowed.reason.strip() or not allowed.approved_by.strip():
        return False
    return allowed.until is None or day <= allowed.until


def _exempted(data: RunData, room: Room) -> Finding:
    until = room.exemption.until if room.exemption is not None else None
    return recorded(
        data,
        RULE,
        room_subject(room.id),
        fault=False,
        value=0,
        threshold=data.thresholds.value(RULE, "tolerance_m2"),
        unit="m²",
        told={"area_m2": room.usable_area_m2, "exempt_until": "no_end" if until is None else until.isoformat()},
    )


def _judged(data: RunData, holding: _Holding) -> Iterator[Finding]:
    subject = room_subject(holding.largest.id)
    others = [room for room in holding.rooms if room is not holding.largest]
    yield from (
        not_applicable(data, RULE, room_subject(room.id), f"a verdict of its own: see {subject}") for room in others
    )
    entitled = [person for person in holding.holders if not _is_overdue(data, person)]
    lacking = _lacking(data, holding, entitled)
    if lacking:
        yield not_applicable(data, RULE, subject, *lacking)
        return
    quotas = [quota for person in entitled if (quota := _quota(data, person)) is not None]
    toilet_m2 = _toilets_apart_m2(data, holding, quotas)
    area_m2 = sum(room.usable_area_m2 for room in holding.rooms)
    quota_m2 = sum(quota.area_m2 for quota in quotas)
    excess_m2, limit_m2 = area_m2 - toilet_m2 - quota_m2, data.thresholds.value(RULE, "tolerance_m2")
    yield recorded(
        data,
        RULE,
        subject,
        fault=excess_m2 > limit_m2 + TOLERANCE * area_m2,
        value=excess_m2,
        threshold=limit_m2,
        unit="m²",
        since=_since(holding.rooms),
        told={
            "area_m2": area_m2,
            "toilet_apart_m2": toilet_m2 or None,
            "quota_m2": quota_m2,
            "holders": len(quotas),
            "rooms": len(holding.rooms),
        },
    )


def _lacking(data: RunData, holding: _Holding, entitled: Sequence[Person]) -> list[str]:
    """Return what is not written down, each once."""
    if any(room.usable_area_m2 <= 0 for room in holding.rooms):
        return [AREA]
    if not entitled:
        return [SEE_NOT_VACATED]
    unknown = [person for person in entitled if _quota(data, person) is None]
    return list(dict.fromkeys(_unknown_part(data, person) for person in unknown))


def _unknown_part(data: RunData, person: Person) -> str:
    """Return why a person has no quota: no rank, or a rank of no known level."""
    level = data.registry.site.organ_level
    return LEVEL if person.rank and rank_level(person.rank, level) is None and "/" not in person.rank else RANK


def _quota(data: RunData, person: Person) -> AreaQuota | None:
    return area_quota(person.rank, data.registry.site.organ_level) if person.rank else None


def _is_overdue(data: RunData, person: Person) -> bool:
    vacate_by = vacated_by(data, person)
    return vacate_by is not None and data.window.last > vacate_by


def _toilets_apart_m2(data: RunData, holding: _Holding, quotas: Iterable[AreaQuota]) -> float:
    """Return the toilets' area that does not count: one for each holder of a top rank, each up to its limit."""
    limit_m2 = data.thresholds.value(RULE, "toilet_m2")
    allowed = sum(may_have_toilet(quota) for quota in quotas)
    toilets = sorted((room.toilet_m2 for room in holding.rooms), reverse=True)
    return sum(min(toilet_m2, limit_m2) for toilet_m2 in toilets[:allowed])


def _since(rooms: Iterable[Room]) -> date | None:
    """Return the day after an exemption ended, None where none has: nothing else in the registry has a date."""
    ends = [room.exemption.until for room in rooms if room.exemption is not None and room.exemption.until is not None]
    return max(ends) + timedelta(days=1) if ends else None


def _holdings(registry: Registry, rooms: Sequence[Room]) -> Iterator[_Holding]:
    """Yield the offices in groups that share holders, in the registry's order."""
    group_of = _groups(rooms)
    for first in dict.fromkeys(group_of.values()):
        together = tuple(room for room in rooms if group_of[room.id] == first)
        holders = dict.fromkeys(holder for room in together for holder in room.holders)
        yield _Holding(rooms=together, holders=tuple(registry.people[holder] for holder in holders))


def _groups(rooms: Sequence[Room]) -> Mapping[RoomId, RoomId]:
    """Return for each room the first room that it is tied to by holders."""
    group_of = {room.id: room.id for room in rooms}
    first_of: dict[PersonId, RoomId] = {}
    for room in rooms:
        for holder in room.holders:
            known = group_of[first_of.setdefault(holder, room.id)]
            joined = group_of[room.id]
            if joined != known:
                group_of = {each: known if group == joined else group for each, group in group_of.items()}
    return group_of
