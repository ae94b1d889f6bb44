"""The use of rooms as JSON, from the worker that found it to the pages that show it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sensors.topology import RoomId
from sensors.utilisation import GroupUse, HourCell, RoomStanding, Scope, Utilisation

FIGURES = ("mean_pct", "vacancies", "longest_vacancy_h", "mean_vacancy_h")


def utilisation_json(told: Utilisation) -> dict[str, Any]:
    """Return it as JSON values."""
    return {
        "first": told.first.isoformat(),
        "last": told.last.isoformat(),
        "groups": [_group(group) for group in told.groups],
        "rooms": [{"room": each.room, "use": each.use, "workdays": each.workdays} for each in told.rooms],
    }


def utilisation_from_json(written: Mapping[str, Any]) -> Utilisation:
    """Return what was written. Raises KeyError, TypeError, ValueError where it is none of ours."""
    return Utilisation(
        first=date.fromisoformat(written["first"]),
        last=date.fromisoformat(written["last"]),
        groups=tuple(_read(group) for group in written["groups"]),
        rooms=tuple(
            RoomStanding(room=RoomId(each["room"]), use=each["use"], workdays=each["workdays"])
            for each in written["rooms"]
        ),
    )


def _group(group: GroupUse) -> dict[str, Any]:
    return {
        "scope": group.scope.value,
        "id": group.id,
        "rooms": list(group.rooms),
        **{name: getattr(group, name) for name in FIGURES},
        "cells": [[cell.weekday, cell.hour, cell.used_pct] for cell in group.cells],
    }


def _read(written: Mapping[str, Any]) -> GroupUse:
    return GroupUse(
        scope=Scope(written["scope"]),
        id=written["id"],
        rooms=tuple(RoomId(room) for room in written["rooms"]),
        **{name: written[name] for name in FIGURES},
        cells=tuple(HourCell(*cell) for cell in written["cells"]),
    )
