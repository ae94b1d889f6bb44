"""`space.yaml` beside the registry: what units need of rooms, leased rooms, ways without steps; faults with lines."""

from collections.abc import Collection
from pathlib import Path

from sensors.documents import MAX_BYTES, DocumentFault, DocumentSyntaxError, MapNode, Place, parse_document
from sensors.errors import InputFault
from sensors.fields import Fields, flag, positive, slug, whole, words
from sensors.space_wishes import NO_WISHES, Need, SpaceWishes
from sensors.topology import DepartmentId, PersonId, Registry, RoomId
from storage.registry_file import decoded, fault_lines, placed_faults

FILE_NAME = "space.yaml"


class SpaceFileError(InputFault):
    """A file that cannot be used: one line per fault, `FILE:LINE:COLUMN: what, and what to do`."""


def wishes_beside(path: Path, registry: Registry) -> SpaceWishes:
    """Return what the file beside a registry says, nothing where there is no file. Raises SpaceFileError."""
    beside = path.parent / FILE_NAME
    try:
        with beside.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return NO_WISHES
    except OSError as exc:
        msg = f"{beside}: cannot be read: {exc.strerror}; mend who may read it, or take it away"
        raise SpaceFileError(msg) from exc
    wishes, faults = parse_wishes(content, registry)
    if faults:
        raise SpaceFileError("\n".join(fault_lines(beside, faults)))
    return wishes


def parse_wishes(content: bytes, registry: Registry) -> tuple[SpaceWishes, list[DocumentFault]]:
    """Return what a file's bytes say, or every fault in the file's order."""
    try:
        document = parse_document(decoded(content))
    except DocumentSyntaxError as exc:
        return NO_WISHES, [DocumentFault(path=(), reason=exc.reason, place=exc.place)]
    if not isinstance(document.root, MapNode):
        reason = "must be a mapping with needs, access, reachable, leased or keep"
        return NO_WISHES, [DocumentFault(path=(), reason=reason, place=Place(1, 1))]
    faults = list(document.faults)
    wishes = _wishes(Fields(document.root, (), faults, ""), registry)
    return (NO_WISHES, placed_faults(document.root, faults)) if faults else (wishes, [])


def _wishes(fields: Fields, registry: Registry) -> SpaceWishes:
    floors = {f"{room.building}/{room.floor}" for room in registry.rooms.values()}
    needs = tuple(_need(each, registry) for _, each in fields.each("needs", "need"))
    if len({need.id for need in needs}) < len(needs):
        fields.fail(("needs",), "two needs have one id; give each its own")
    wishes = SpaceWishes(
        needs=needs,
        access=frozenset(PersonId(each) for each in _known(fields, "access", registry.people, "person")),
        reachable=frozenset(_known(fields, "reachable", floors, "floor (write building/floor)")),
        leased=frozenset(RoomId(each) for each in _known(fields, "leased", registry.rooms, "room")),
        keep=frozenset(RoomId(each) for each in _known(fields, "keep", registry.rooms, "room")),
    )
    fields.finish()
    return wishes


def _known(fields: Fields, name: str, known: Collection[str], what: str) -> list[str]:
    """Return the items of a list that the registry has; others are faults."""
    written = fields.many(name, words)
    for at, each in enumerate(written):
        if each not in known:
            fields.fail((name, at), f"{name}: no {what} {each!r} in the registry")
    return [each for each in written if each in known]


def _need(fields: Fields, registry: Registry) -> Need:
    unit = fields.required("department", words, "")
    if unit and unit not in registry.departments:
        fields.fail(("department",), f"{fields.label}: no department {unit!r} in the registry")
    need = Need(
        id=fields.required("id", slug, ""),
        unit=DepartmentId(unit),
        people=fields.optional("people", whole) or 0,
        rank=fields.optional("rank", words),
        area_m2=fields.optional("area_m2", positive) or 0.0,
        needs_access=fields.optional("access", flag) or False,
    )
    if need.id in registry.rooms:
        fields.fail(("id",), f"{fields.label}: a room has this id; give the need another")
    if need.people and need.rank is None:
        fields.fail(("people",), f"{fields.label}: has people and no rank; write the rank, for the quota")
    if not need.people and not need.area_m2:
        fields.fail((), f"{fields.label}: has neither people nor area_m2; write one of them")
    return need
