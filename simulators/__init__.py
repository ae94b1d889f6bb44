"""Simulated buildings with physics and labelled faults. No I/O: readings, events, messages and text.

How a day comes about, each stage one module, each a pure function of the seed and the stage before:

    people.py       where each person is at each minute (schedules, meetings, a Markov chain), and the cleaners
    weather.py      outdoor air, sun and particles on the day's grid, by formula for four cities (climate.py, sun.py)
    conditions.py   what people, plant and clock make of it: lamps, sockets, dampers, setpoints, per step and room
    effects.py      faults change those arrays in place, before any physics reads them          (faults.py: the list)
    physics.py      what follows: CO2, temperature, moisture, particles (air.py, thermal.py), light, sound
    electricity.py  circuits from the leaves to the main meter, phases, registers; water.py likewise
    instruments.py  what the devices show of it: noise that belongs to an instant, resolution, altitude
    devices.py      how devices fail to show it: silence, gaps                                   (stages over a Block)
    incidents.py    what doors, panels and leak sensors tell, as events                (doors.py, fire.py, routines.py)
    world.py        a site through time: days one after another, sampled at any instants, in bulk or live

Beside the world of ideal devices stands the field, where each device and gateway is as it is, over the same days:

    reports.py      reports at instants of their own, or on change; loss, batteries              (device_profiles.py)
    uplinks.py      what becomes of a gateway's messages: clock, late, double, out of order, lost
    field.py        a world's days as messages and when they arrive

The grid is fixed (grid.STEP_MS, five minutes). Physics always goes through whole local days on that grid, and what a
device shows at an instant follows from the day's arrays and the instant alone. So the bytes do not depend on how time
is cut, nor on whether the world runs in bulk or live.

Where to add:
- a fault that changes what happens: a `FaultKind`, a row in the tables of faults.py, one function in effects.EFFECTS;
- a fault that changes what is told: one stage in devices.STAGES; a fault that tells events: incidents.py;
- a model of a device: one entry in device_profiles.PROFILES;
- a device or metric: building.py for the registry, one line in instruments.SHOWN.
"""

from sensors.registry_text import registry_text

__all__ = ["registry_text"]
