"""The answer in two sentences."""

from reports.energy import Energy
from reports.messages import Messages
from reports.rooms import JUDGED, LOW, RoomClass, Rooms


def headline(rooms: Rooms, energy: Energy, messages: Messages) -> tuple[str, str]:
    """Return the answer in two sentences: how rooms are used, and what was used in empty ones."""
    return _use_sentence(rooms, messages), _energy_sentence(energy, messages)


def _use_sentence(rooms: Rooms, messages: Messages) -> str:
    judged = rooms.number_of(*JUDGED)
    if not judged:
        return messages.text("headline.unjudged")
    if not rooms.number_of(*LOW):
        return messages.count("headline.none_low", judged)
    idle, underused = (rooms.number_of(standing) for standing in (RoomClass.IDLE, RoomClass.UNDERUSED))
    return messages.count("headline.low", idle + underused, judged=judged, idle=idle, underused=underused)


def _energy_sentence(energy: Energy, messages: Messages) -> str:
    if energy.total is None:
        return messages.text("headline.energy_unknown")
    return messages.text(
        "headline.energy",
        empty_kwh=messages.about(energy.total.kwh_while_empty),
        share=messages.percent(energy.total.empty_pct),
        kwh=messages.about(energy.total.kwh),
    )
