"""The sun: where it stands, and what it gives through clouds."""

from dataclasses import dataclass
from math import pi

import numpy as np

from simulators.arithmetic import Floats, Ints, cos, exp, log, sin

DAY_S = 86_400.0
SOLAR_CONSTANT_WM2 = 1361.0
"""Source: Kopp and Lean, Geophysical Research Letters 38 (2011) L01706."""
GROUND_REFLECTS = 0.2
"""Source: Duffie and Beckman, Solar Engineering of Thermal Processes, 4th ed., section 2.15."""
HAZE = 0.9
"""What the haze over a city leaves of a clear sky: the project's own choice, so that a year's sum is that of maps."""
ERBS_OVERCAST, ERBS_CLEAR = 0.22, 0.8
"""Where the pieces of `diffuse_share` meet."""
LEAST_SINE = 0.02
"""Below about one degree the formulas for a plane no longer hold, and there is next to nothing."""


@dataclass(frozen=True, slots=True)
class Sunshine:
    """Irradiance at each step, W/m²: on the ground (in all, and from the sky alone) and on walls."""

    sine_of_height: Floats
    global_wm2: Floats
    diffuse_wm2: Floats
    north_wm2: Floats
    south_wm2: Floats


def sunshine(
    moments_ms: Ints, day_of_year: int, *, latitude_deg: float, longitude_deg: float, cloud: Floats
) -> Sunshine:
    """Return the sunshine at UTC moments of one day under clouds from 0 to 1."""
    height, towards_south = position(moments_ms, day_of_year, latitude_deg, longitude_deg)
    up = np.maximum(height, LEAST_SINE)
    total = np.where(height > LEAST_SINE, HAZE * clear_sky_wm2(up) * cloud_factor(cloud), 0.0)
    diffuse = total * diffuse_share(total / (SOLAR_CONSTANT_WM2 * up))
    beam = (total - diffuse) / up
    around = 0.5 * diffuse + 0.5 * GROUND_REFLECTS * total
    return Sunshine(
        sine_of_height=height,
        global_wm2=total,
        diffuse_wm2=diffuse,
        north_wm2=around + beam * np.maximum(-towards_south, 0.0),
        south_wm2=around + beam * np.maximum(towards_south, 0.0),
    )


def position(moments_ms: Ints, day_of_year: int, latitude_deg: float, longitude_deg: float) -> tuple[Floats, Floats]:
    """Return the sine of the sun's height and the cosine of its angle to a wall's normal that points south.

    Declination and equation of time: Spencer, "Fourier series representation of the position of the sun", Search 2
    (1971) 172; the angles: Duffie and Beckman, equations 1.6.5 and 1.6.2 for a slope of 90°.
    """
    year = np.array([2 * pi * (day_of_year - 1) / 365])
    declination = (
        0.006918
        - 0.399912 * cos(year)
        + 0.070257 * sin(year)
        - 0.006758 * cos(2 * year)
        + 0.000907 * sin(2 * year)
        - 0.002697 * cos(3 * year)
        + 0.00148 * sin(3 * year)
    )
    equation_min = 229.18 * (
        0.000075 + 0.001868 * cos(year) - 0.032077 * sin(year) - 0.014615 * cos(2 * year) - 0.040849 * sin(2 * year)
    )
    solar_s = (moments_ms / 1000) % DAY_S + longitude_deg * 240.0 + equation_min * 60.0
    hour_angle = 2 * pi * (solar_s / DAY_S - 0.5)
    latitude = np.array([latitude_deg * pi / 180])
    height = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)
    south = sin(latitude) * cos(declination) * cos(hour_angle) - cos(latitude) * sin(declination)
    return height, south


def clear_sky_wm2(sine_of_height: Floats) -> Floats:
    """Return the irradiance of a clear sky on the ground.

    Source: Haurwitz, Journal of Meteorology 2 (1945) 154: 1098·sin h·exp(−0.057 ÷ sin h).
    """
    return 1098.0 * sine_of_height * exp(-0.057 / sine_of_height)


def cloud_factor(cloud: Floats) -> Floats:
    """Return the share that a cloud cover N lets through: 1 − 0.75·N^3.4.

    Source: Kasten and Czeplak, Solar Energy 24 (1980) 177-189.
    """
    return 1.0 - 0.75 * exp(3.4 * log(np.maximum(cloud, 1e-6)))


def diffuse_share(clearness: Floats) -> Floats:
    """Return the share of diffuse light by the clearness index.

    Source: Erbs, Klein, Duffie, Solar Energy 28 (1982) 293-302.
    """
    k = clearness
    overcast, middle = 1.0 - 0.09 * k, 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    return np.where(k <= ERBS_OVERCAST, overcast, np.where(k > ERBS_CLEAR, 0.165, middle))
