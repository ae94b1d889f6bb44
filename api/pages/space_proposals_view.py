"""A proposal as the page shows it, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.pages.desk import Desk
from api.reallocation import move_text, read_document
from rectification.reallocations import KeptProposal
from sensors.actors import Permission
from sensors.topology import DepartmentId, RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """A move; `decided` is what was decided, empty where nothing was."""

    id: str
    text: str
    why: str
    area: str
    confidence: str
    decided: str = ""
    note: str = ""
    item_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRow:
    """A room that changes: now and then."""

    name: str
    place: str
    now: str
    then: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalsPage:
    """The page; without a proposal only what may be done."""

    may_decide: bool
    can_make: bool
    id: str = ""
    period: str = ""
    feasible: bool = True
    facts: Sequence[tuple[str, str]] = ()
    aims: Sequence[str] = ()
    rules: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    moves: Sequence[MoveRow] = ()
    rooms: Sequence[RoomRow] = ()
    untouched: Sequence[tuple[str, str]] = ()
    is_nothing_known: bool = False
    """Whether too little is known of every room: then today's arrangement is not the best, but unjudged."""


def proposals_page(desk: Desk) -> ProposalsPage:
    """Return the page for who looks."""
    may_decide = desk.actor.may(Permission.MANAGE_ITEM)
    can_make = may_decide and desk.services.reallocation is not None
    kept = desk.tx.reallocation() if may_decide else None
    if kept is None:
        return ProposalsPage(may_decide=may_decide, can_make=can_make)
    messages, told = desk.messages, read_document(kept, desk.wording.registry)
    day = messages.day
    return ProposalsPage(
        may_decide=may_decide,
        can_make=can_make,
        id=kept.id,
        period=messages.text(
            "use.period", first=day(date.fromisoformat(told["first"])), last=day(date.fromisoformat(told["last"]))
        ),
        feasible=told["feasible"],
        facts=_facts(desk, told) if told["feasible"] else (),
        aims=[_aim(desk, each) for each in told.get("aims", ())],
        rules=[messages.text(f"realloc.rule.{rule}") for rule in told["rules"]],
        conflicts=[_conflict(desk, each) for each in told["conflicts"]],
        moves=[_move(desk, kept, move) for move in told["moves"]],
        rooms=[_room(desk, each) for each in told["rooms"] if _changes(each)],
        untouched=_untouched(desk, told),
        is_nothing_known=bool(told["untouched"]) and not any(each["people_now"] for each in told["rooms"]),
    )


def _facts(desk: Desk, told: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    messages, value = desk.messages, desk.wording.value
    energy = told["energy"]
    kwh = messages.text("realloc.energy_unknown")
    if energy is not None:
        kwh = messages.text(
            "realloc.energy_value",
            low=messages.number(energy["low_kwh"], 0),
            high=messages.number(energy["high_kwh"], 0),
            days=str(energy["days"]),
            unmetered=str(len(energy["unmetered"])),
        )
    return [
        (messages.text("realloc.freed"), value(told["freed_m2"], "m²")),
        (messages.text("realloc.empty_now"), value(told["empty_now_m2"], "m²")),
        (messages.text("realloc.leased"), value(told["leased_m2"], "m²")),
        (messages.text("realloc.floors"), ", ".join(told["whole_floors"]) or "–"),
        (messages.text("realloc.energy"), kwh),
    ]


def _aim(desk: Desk, aim: Mapping[str, Any]) -> str:
    messages = desk.messages
    name, value = messages.text(f"realloc.aim.{aim['aim']}"), messages.number(aim["value"], 0)
    if aim["gap_pct"] == 0:
        return messages.text("realloc.proven", aim=name, value=value)
    return messages.text(
        "realloc.gap",
        aim=name,
        value=value,
        bound=messages.number(aim["bound"], 0),
        gap=messages.number(aim["gap_pct"], 1),
    )


def _conflict(desk: Desk, conflict: Mapping[str, Any]) -> str:
    if conflict["rule"] is not None:
        return desk.messages.text(f"realloc.rule.{conflict['rule']}")
    return desk.messages.text("realloc.need", need=conflict["need"])


def _move(desk: Desk, kept: KeptProposal, move: Mapping[str, Any]) -> MoveRow:
    messages, decision = desk.messages, kept.decisions.get(move["id"])
    days = move["workdays"]
    confidence = messages.text(f"realloc.confidence.{move['confidence']}")
    if days is not None:
        confidence = f"{confidence} · {messages.count('use.workdays', days)}"
    return MoveRow(
        id=move["id"],
        text=move_text(messages, desk.wording.registry, move),
        why=messages.text(f"realloc.why.{move['why'] or 'unknown'}"),
        area=desk.wording.value(move["area_m2"], "m²"),
        confidence=confidence,
        decided="" if decision is None else messages.text(f"realloc.{decision.decided}"),
        note="" if decision is None else decision.note,
        item_url="" if decision is None or decision.item_id is None else f"/plan/{decision.item_id}",
    )


def _changes(change: Mapping[str, Any]) -> bool:
    return bool(change["people_now"] != change["people_then"] or change["units_now"] != change["units_then"])


def _room(desk: Desk, change: Mapping[str, Any]) -> RoomRow:
    room = desk.wording.registry.rooms[RoomId(change["room"])]
    return RoomRow(
        name=desk.wording.room(room),
        place=desk.wording.floor(room),
        now=_who(desk, change["people_now"], change["units_now"]),
        then=_who(desk, change["people_then"], change["units_then"]),
    )


def _who(desk: Desk, people: int, units: Sequence[str]) -> str:
    if not units:
        return desk.messages.text("realloc.nobody")
    registry, language = desk.wording.registry, desk.wording.language
    named = [registry.departments.get(DepartmentId(unit)) for unit in units]
    told = [
        unit if known is None else known.name.in_language(language) for unit, known in zip(units, named, strict=True)
    ]
    return f"{desk.messages.text('list.separator').join(told)} · {desk.messages.count('realloc.people', people)}"


def _untouched(desk: Desk, told: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    by_reason: dict[str, list[str]] = {}
    for each in told["untouched"]:
        room = desk.wording.registry.rooms[RoomId(each["room"])]
        by_reason.setdefault(each["reason"], []).append(desk.wording.room(room))
    separator = desk.messages.text("list.separator")
    return [
        (desk.messages.text(f"realloc.untouched.{reason}"), separator.join(rooms))
        for reason, rooms in by_reason.items()
    ]
