"""Proposals to use rooms better: made and kept, and what a move says as an item."""

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from api.messages import Language, Messages
from api.ports import Services
from api.problems import not_found
from rectification.particulars import Particulars, Source
from rectification.reallocations import KeptProposal, keep_proposal
from rectification.sheets import Found
from sensors.actors import Actor, Permission
from sensors.subjects import Subject, SubjectKind
from sensors.topology import DepartmentId, Registry, RoomId
from sensors.verdicts import Severity

SECONDS = 15.0
"""So long a request may look; the door lets it wait for 30."""


def make_proposal(services: Services, actor: Actor) -> KeptProposal:
    """Return a new proposal, kept instead of the one before. Raises NotPermittedError, InputFault, ProblemError."""
    actor.must(Permission.MANAGE_ITEM)
    if services.reallocation is None:
        raise not_found(kind="proposal")
    document = services.reallocation(SECONDS)
    moves = tuple(move["id"] for move in document.get("moves", ()))
    kept = KeptProposal(id=document["id"], document=json.dumps(document, ensure_ascii=False), moves=moves)
    with services.records.transaction() as tx:
        keep_proposal(tx, kept, actor=actor, clock=services.clock)
    return kept


def read_document(kept: KeptProposal, registry: Registry) -> dict[str, Any]:
    """Return the document without rooms that may not be spoken of now."""
    document: dict[str, Any] = json.loads(kept.document)
    shown = {room.id for room in registry.rooms.values() if not room.restricted}
    for name in ("moves", "rooms", "untouched"):
        document[name] = [each for each in document.get(name, ()) if each["room"] in shown and _to(each) in shown]
    return document


def _to(each: Mapping[str, Any]) -> str:
    return str(each.get("to") or each["room"])


def move_of(kept: KeptProposal, registry: Registry, identifier: str) -> Mapping[str, Any]:
    """Return a move of the proposal. Raises ProblemError."""
    moves = read_document(kept, registry)["moves"]
    found: Mapping[str, Any] | None = next((move for move in moves if move["id"] == identifier), None)
    if found is None:
        raise not_found(kind="proposal")
    return found


def found_of(services: Services, kept: KeptProposal, identifier: str, language: Language) -> Found:
    """Return what the item of a move says, in the words of who accepts it. Raises ProblemError."""
    registry = services.registry()
    move = move_of(kept, registry, identifier)
    messages = Messages(language, ZoneInfo(registry.site.timezone))
    title = move_text(messages, registry, move)
    unit = move["unit"]
    return Found(
        site=registry.site.id,
        subject=Subject(SubjectKind.ROOM, move["room"]),
        severity=Severity.BLUE,
        measure=title,
        given=Particulars(
            source=Source.REALLOCATION,
            source_ref=f"{kept.id}/{identifier}",
            title=title,
            problem=messages.text(f"realloc.why.{move['why'] or 'unknown'}"),
            unit=DepartmentId(unit) if unit in registry.departments else None,
        ),
    )


def move_text(messages: Messages, registry: Registry, move: Mapping[str, Any]) -> str:
    """Return a move as a sentence."""
    language = messages.language
    room, to = (_room_name(registry, each, language) for each in (move["room"], move["to"]))
    return messages.text(f"realloc.kind.{move['kind']}", room=room, to=to, people=str(move["people"]))


def _room_name(registry: Registry, identifier: str | None, language: Language) -> str:
    room = registry.rooms.get(RoomId(identifier or ""))
    return identifier or "" if room is None else room.name.in_language(language)
