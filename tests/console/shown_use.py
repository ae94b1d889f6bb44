"""The use of the shown building's rooms, by a formula."""

from datetime import timedelta

from sensors.topology import Registry
from sensors.utilisation import GroupUse, HourCell, RoomStanding, Utilisation, groups_of
from tests.console.demo_building import MONDAY_MORNING


def shown_use(registry: Registry) -> Utilisation:
    """Return six weeks: busy in the morning, less in the afternoon, nobody at the week's end."""
    last = MONDAY_MORNING.date() - timedelta(days=1)
    groups = tuple(
        GroupUse(
            scope=scope,
            id=name,
            rooms=rooms,
            mean_pct=41.0 - len(rooms),
            vacancies=12 * len(rooms),
            longest_vacancy_h=4.0,
            mean_vacancy_h=1.75,
            cells=tuple(HourCell(day, hour, _share(day, hour)) for day in range(7) for hour in range(24)),
        )
        for scope, name, rooms in groups_of(registry)
    )
    shown = [room for room in registry.rooms.values() if not room.restricted]
    rooms = tuple(RoomStanding(room=room.id, use="normal", workdays=29) for room in shown)
    return Utilisation(first=last - timedelta(days=41), last=last, groups=groups, rooms=rooms)


def _share(weekday: int, hour: int) -> float:
    if weekday >= 5 or not 8 <= hour < 18:
        return 0.0
    return float(max(0, 90 - 9 * abs(hour - 10) - 4 * weekday))
