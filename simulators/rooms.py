"""The rooms of a site as columns: what does not change from day to day."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sensors.topology import BuildingId, Registry, Room, RoomCategory, RoomId
from simulators.arithmetic import Flags, Floats

CEILING_M = 2.8
"""Clear height of an office. The project's own choice."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """One entry a room, in the registry's order; `column` finds a room's."""

    rooms: tuple[Room, ...]
    column: Mapping[RoomId, int]
    area_m2: Floats
    volume_m3: Floats
    seats: Floats
    """How many the fresh air is laid out for."""
    is_meeting: Flags
    has_servers: Flags
    faces_south: Flags
    building: tuple[BuildingId, ...]

    @classmethod
    def of(cls, registry: Registry) -> "Rooms":
        """Return the columns of a registry. Every other room faces south: the project's own choice."""
        rooms = tuple(registry.rooms.values())
        area_m2 = np.array([room.usable_area_m2 for room in rooms], dtype=np.float64)
        return cls(
            rooms=rooms,
            column={room.id: index for index, room in enumerate(rooms)},
            area_m2=area_m2,
            volume_m3=area_m2 * CEILING_M,
            seats=np.array([float(room.capacity or max(len(room.holders), 1)) for room in rooms], dtype=np.float64),
            is_meeting=np.array([room.is_meeting_room for room in rooms], dtype=np.bool_),
            has_servers=np.array([room.category is RoomCategory.EQUIPMENT for room in rooms], dtype=np.bool_),
            faces_south=np.arange(len(rooms)) % 2 == 0,
            building=tuple(room.building for room in rooms),
        )

    def __len__(self) -> int:
        """Return the number of rooms."""
        return len(self.rooms)

    def of_building(self, building: BuildingId) -> Flags:
        """Say of each room whether it is in a building."""
        return np.array([other == building for other in self.building], dtype=np.bool_)
