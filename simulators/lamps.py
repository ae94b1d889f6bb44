"""Lamps: lit by people, who forget; by sensors in meeting rooms.

Figures without a source are the project's own choice.
"""

import numpy as np

from simulators.arithmetic import Flags, Ints
from simulators.chance import Keys, between, uniform
from simulators.grid import DayGrid

LONGEST_MIN = np.array([30, 60, 120, 240, 720])
SWITCHED_OFF = np.array([0.086, 0.314, 0.38, 0.6, 0.96, 1.0])
"""The chance that whoever leaves a room last switches the light off, by the length of the absence in minutes.
Source: Pigg et al. 1996 as used by Reinhart, "Lightswitch-2002", Solar Energy 77 (2004) 15-28 (recalled)."""
FORGETFUL = 0.04
"""The chance that the light stays on when the last one goes home, until the guard's round."""
GUARD_MIN = (19 * 60 + 20.0, 19 * 60 + 50.0)
"""When the guard switches off what was forgotten."""
PASSER_BY_MIN = 30
"""So long after everybody left in the middle of the day somebody who passes by switches the light off."""
SENSOR_DELAY_MIN = 15
"""A meeting room's light goes off by itself so long after the last one left."""
_MINUTES = 4096


def lit(grid: DayGrid, workers: Ints, cleaners: Ints, of: Keys, *, by_sensor: Flags) -> Flags:
    """Return per minute and room whether the light is on."""
    room, start, end = spells(workers > 0)
    same = room[1:] == room[:-1]
    last = np.append(~same, True)[: len(room)]
    absence = np.where(last[:-1], 0, start[1:] - end[:-1]) if len(room) else np.zeros(0, dtype=np.int64)
    drawn = uniform(of[room], grid.day.toordinal() * _MINUTES + end)
    off = SWITCHED_OFF[np.searchsorted(LONGEST_MIN, absence)]
    stays = np.append(drawn[:-1] >= off, False)[: len(room)] & ~last
    until = np.where(stays, np.minimum(np.append(start[1:], 0)[: len(room)], end + PASSER_BY_MIN), end)
    round_min = between(drawn / FORGETFUL, *GUARD_MIN).astype(np.int64)
    until = np.where(last & (drawn < FORGETFUL), np.maximum(end, round_min), until)
    until = np.where(by_sensor[room], end + SENSOR_DELAY_MIN, until)
    changes = np.zeros((grid.minutes + 1, workers.shape[1]), dtype=np.int64)
    np.add.at(changes, (start, room), 1)
    np.add.at(changes, (np.minimum(until, grid.minutes), room), -1)
    lighted: Flags = (np.cumsum(changes, axis=0)[:-1] > 0) | (cleaners > 0)
    return lighted


def spells(held: Flags) -> tuple[Ints, Ints, Ints]:
    """Return the column, start and end of every stretch of rows in which a flag holds, by column and time."""
    padded = np.zeros((held.shape[1], held.shape[0] + 2), dtype=np.int8)
    padded[:, 1:-1] = held.T
    changes = np.diff(padded, axis=1)
    columns, starts = np.nonzero(changes > 0)
    _, ends = np.nonzero(changes < 0)
    return columns, starts, ends
