"""What a metric's values look like in a wrong unit: kWh registers that count Wh, degrees Fahrenheit taken as Celsius.

The range of a metric (sensors.metrics) refuses what no instrument shows. A wrong unit often stays inside it, and is
seen only by how the values of days lie. All limits are the project's own choice: far beyond what an office has for
days, and short of what the unit named makes of an ordinary room. A factor near one (ppm of formaldehyde for mg/m³)
cannot be seen this way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

WATTS_PER_M2_MOST = 150.0
"""A day's mean power per m²: three kilowatts day and night in an office of 20 m² is none."""
WATTS_PER_M2_LEAST = 0.01
"""A day's mean power per m², of the busiest day: 0.2 W in an office of 20 m² is less than a clock on the wall."""
SCALE_APART = 200.0
"""What two metrics of one circuit say of it may differ by their errors, not by so much. A thousand is a unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A unit that values look like: where the mean, and the peak (of magnitudes), lie in these open ranges.

    Values that are all zero look like nothing: the thing may be off.
    """

    unit: str
    mean_above: float = -inf
    mean_below: float = inf
    peak_below: float = inf

    def fits(self, mean: float, peak: float) -> bool:
        """Say whether days with this mean and peak look like it."""
        return peak > 0 and self.mean_above < mean < self.mean_below and peak < self.peak_below


_CELSIUS = (Sign(unit="m°C", mean_above=1000), Sign(unit="K", mean_above=200), Sign(unit="°F", mean_above=38))
_TINY_CELSIUS = Sign(unit="1000 °C", peak_below=0.1)

SIGNS: Mapping[str, tuple[Sign, ...]] = MappingProxyType(
    {
        "temperature_c": (*_CELSIUS, _TINY_CELSIUS),
        "setpoint_c": (*_CELSIUS, _TINY_CELSIUS),
        "relative_humidity_pct": (Sign(unit="‰", mean_above=100), Sign(unit="fraction", peak_below=1.0)),
        "co2_ppm": (Sign(unit="ppb", mean_above=20_000), Sign(unit="%", mean_below=200)),
        "pm2_5_ugm3": (Sign(unit="ng/m³", mean_above=1000), Sign(unit="mg/m³", peak_below=1.0)),
        "pm10_ugm3": (Sign(unit="ng/m³", mean_above=3000), Sign(unit="mg/m³", peak_below=1.0)),
        "hcho_mgm3": (Sign(unit="µg/m³ or ppb", mean_above=1.0), Sign(unit="g/m³", peak_below=0.0005)),
        "tvoc_mgm3": (Sign(unit="µg/m³ or ppb", mean_above=10.0), Sign(unit="g/m³", peak_below=0.002)),
        "illuminance_lux": (Sign(unit="mlx", mean_above=20_000), Sign(unit="klx", mean_below=3, peak_below=20)),
        "sound_level_dba": (Sign(unit="mdB", mean_above=130), Sign(unit="B", mean_below=10)),
        "voltage_v": (Sign(unit="mV", mean_above=50_000), Sign(unit="kV", mean_below=20)),
        "residual_current_ma": (Sign(unit="µA", mean_above=10_000), Sign(unit="A", peak_below=0.6)),
        "cable_temperature_c": (*_CELSIUS[:2], _TINY_CELSIUS),
        "people_count": (Sign(unit="0.001 people", mean_above=2000), Sign(unit="1000 people", peak_below=1.0)),
    }
)
"""By metric, the first that fits. A hot cable may well be as hot as a mild one is in °F: see `looks_fahrenheit`."""

RATED_SIGNS = (Sign(unit="mA", mean_above=2), Sign(unit="kA", peak_below=0.002))
"""Of the current of a circuit ÷ its rated current."""

FAHRENHEIT_AT_REST = 50.0
"""No cable is warmer than this in °C at rest: the coolest of some days. In °F that is ten degrees Celsius."""


def looks_like(metric: str, mean: float, peak: float) -> str | None:
    """Return the unit that days of values with this mean and peak look like; None where nothing speaks against theirs.

    `peak` is the largest magnitude.
    """
    return next((sign.unit for sign in SIGNS.get(metric, ()) if sign.fits(mean, peak)), None)


def rated_looks_like(mean_ratio: float, peak_ratio: float) -> str | None:
    """Return the unit that currents look like by their ratio to the rated current; None where they may be amperes."""
    return next((sign.unit for sign in RATED_SIGNS if sign.fits(mean_ratio, peak_ratio)), None)


def looks_fahrenheit(least: float, median: float) -> bool:
    """Say whether temperatures of a cable over some days look like °F: always warm, and mostly as a mild cable is.

    An overloaded cable cools down when its load rests, and one that stays above 104 °C all days is no mild one in °F.
    """
    return least > FAHRENHEIT_AT_REST and median < 104  # noqa: PLR2004 - 40 °C in °F


def check_unit(metric: str, device: str, unit: str) -> str:
    """Return what is missing where values look like another unit, as findings name it."""
    return f"{metric} of {device} looks like {unit}: check its unit"
