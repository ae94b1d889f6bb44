"""Draw days of the simulated building for docs/simulator.md: python -m scripts.plot_simulator [FOLDER]."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from sensors.topology import CircuitItem, Registry, RoomId
from simulators.arithmetic import Floats
from simulators.building import office_building
from simulators.climate import CLIMATES
from simulators.equipment import Equipment
from simulators.grid import DayGrid, step_means
from simulators.site_day import SiteDay
from simulators.weather import Weather
from simulators.world import World

ZONE = ZoneInfo("Asia/Shanghai")
WIDTH, PANEL, LEFT, GAP = 720, 90, 64, 30
COLOURS = ("#1f6feb", "#d1495b", "#2a9d5c", "#b8860b", "#7b4fa3", "#555555")


@dataclass(frozen=True, slots=True)
class Panel:
    """One strip: its title and its lines by name, each over the same hours."""

    title: str
    lines: Mapping[str, Floats]


def main(folder: Path) -> None:
    """Write all images."""
    winter = _lived("kunming", date(2026, 1, 14))
    images = {
        "sim-office-day.svg": ("Two people's office, Kunming, 14 January 2026", _room(*winter, "a-201"), 24.0, "h"),
        "sim-meeting-day.svg": ("Meeting room, Kunming, 14 January 2026", _room(*winter, "a-204"), 24.0, "h"),
        "sim-power-day.svg": (
            "24 rooms, Shanghai, 15 July 2026",
            _power(*_lived("shanghai", date(2026, 7, 15))),
            24.0,
            "h",
        ),
        "sim-weather-year.svg": ("Daily means of 2026", list(_weather()), 365.0, "d"),
    }
    for name, (title, panels, end, unit) in images.items():
        (folder / name).write_text(_svg(title, panels, end, unit), encoding="utf-8")


def _lived(city: str, day: date) -> tuple[Registry, SiteDay]:
    """Return a day after ten others, when walls and furniture have come to themselves."""
    registry = office_building(24, start=day, equipment=Equipment.FULL, climate=CLIMATES[city])
    begin = datetime.combine(day - timedelta(days=10), time(), tzinfo=ZONE).astimezone(UTC)
    world = World(registry, 1, begin)
    world.step(begin + timedelta(days=10, hours=12))
    return registry, world.day


def _room(registry: Registry, day: SiteDay, room: str) -> list[Panel]:
    column = list(registry.rooms).index(RoomId(room))
    rooms = day.rooms
    return [
        Panel("people", {"people": step_means(day.people.present)[:, column]}),
        Panel("CO2, ppm", {"indoors": rooms.co2_ppm[:-1, column]}),
        Panel("temperature, °C", {"indoors": rooms.air_c[:-1, column], "outdoors": day.weather.outdoor_c}),
        Panel(
            "relative humidity, %",
            {"indoors": rooms.relative_humidity_pct[:-1, column], "outdoors": day.weather.relative_humidity_pct},
        ),
        Panel("PM2.5, µg/m³", {"indoors": rooms.pm2_5_ugm3[:-1, column], "outdoors": day.weather.pm2_5_ugm3}),
        Panel("light, lx", {"light": rooms.illuminance_lux[:, column]}),
        Panel("sound, dB(A)", {"sound": rooms.sound_dba[:, column]}),
        Panel(
            "power, W",
            {"lamps": day.conditions.lamps_w[:, column], "sockets": day.conditions.plugs_w[:, column]},
        ),
    ]


def _power(registry: Registry, day: SiteDay) -> list[Panel]:
    items = [circuit.item for circuit in registry.circuits.values()]
    by_item = {
        item.value: day.power.power_w[:, [other is item for other in items]].sum(axis=1) / 1000
        for item in CircuitItem
        if item in items
    }
    main_kw = by_item.pop("total")
    few = {name: by_item.pop(name) for name in ("hvac", "pv", "charging")}
    return [
        Panel("main meter, kW", {"total": main_kw}),
        Panel("kW", few),
        Panel("kW ", by_item),
        Panel("people in the building", {"people": step_means(day.people.present).sum(axis=1)}),
        Panel("outdoors, °C", {"temperature": day.weather.outdoor_c}),
    ]


def _weather() -> Iterator[Panel]:
    year = [DayGrid.of(date(2026, 1, 1) + timedelta(days=number), ZONE) for number in range(365)]
    days = {city: [Weather(climate, 1).day(grid) for grid in year] for city, climate in CLIMATES.items()}
    yield Panel("°C", {city: np.array([day.outdoor_c.mean() for day in found]) for city, found in days.items()})
    for city, found in days.items():
        yield Panel(
            f"{city}: RH %, PM2.5",
            {
                "humidity": np.array([day.relative_humidity_pct.mean() for day in found]),
                "PM2.5": np.array([day.pm2_5_ugm3.mean() for day in found]),
            },
        )


def _svg(title: str, panels: Sequence[Panel], end: float, unit: str) -> str:
    height = 40 + len(panels) * (PANEL + GAP)
    strips = "".join(_strip(panel, 34 + number * (PANEL + GAP), end, unit) for number, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="{LEFT}" y="18" font-size="14">{title}</text>{strips}</svg>\n'
    )


def _strip(panel: Panel, top: int, end: float, unit: str) -> str:
    values = np.concatenate(list(panel.lines.values()))
    low, high = min(float(values.min()), 0.0) if values.min() < 0 else _floor(values), float(values.max()) or 1.0
    span = max(high - low, 1e-9)
    width = WIDTH - LEFT - 90
    drawn = [
        f'<rect x="{LEFT}" y="{top}" width="{width}" height="{PANEL}" fill="none" stroke="#ccc"/>',
        f'<text x="{LEFT}" y="{top - 4}">{panel.title}</text>',
        f'<text x="{LEFT - 4}" y="{top + 10}" text-anchor="end">{high:.4g}</text>',
        f'<text x="{LEFT - 4}" y="{top + PANEL}" text-anchor="end">{low:.4g}</text>',
    ]
    for tick in range(0, int(end) + 1, int(end) // 8 or 1):
        x = LEFT + width * tick / end
        drawn.append(f'<path d="M{x:.0f} {top}v{PANEL}" stroke="#eee"/>')
        drawn.append(f'<text x="{x:.0f}" y="{top + PANEL + 11}" text-anchor="middle">{tick} {unit}</text>')
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{LEFT + width * (at + 0.5) / len(line):.1f},{top + PANEL - PANEL * (value - low) / span:.1f}"
            for at, value in enumerate(line.tolist())
        )
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        drawn.append(f'<text x="{WIDTH - 84}" y="{top + 12 + 14 * number}" fill="{colour}">{name}</text>')
    return "".join(drawn)


def _floor(values: Floats) -> float:
    """Return 0 where that leaves the lines readable, else a little below the lowest."""
    low, high = float(values.min()), float(values.max())
    return 0.0 if low < high / 2 else low


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/images"))
