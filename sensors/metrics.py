"""Every metric that Premises stores: its kind, canonical unit, accepted units and physical range."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class MeasurementKind(StrEnum):
    """What a reading is about; the names of the measurements in InfluxDB."""

    OCCUPANCY = "occupancy"
    ELECTRICITY = "electricity"
    AIR_QUALITY = "air_quality"
    FIRE_ALARM = "fire_alarm"
    DOOR_ACCESS = "door_access"
    UTILITIES = "utilities"


class Nature(StrEnum):
    """How a metric behaves in time, which decides how it may be aggregated."""

    INSTANTANEOUS = "instantaneous"
    CUMULATIVE = "cumulative"
    BOOLEAN = "boolean"


class UnknownMetricError(ValueError):
    """A name that is neither a stored metric nor a quantity of the MQTT contract."""

    def __init__(self, name: str) -> None:
        """Keep the name that was not found."""
        super().__init__(f"unknown metric {name!r}; known: {', '.join(sorted(METRICS))}")
        self.name = name


class UnknownUnitError(ValueError):
    """A unit that the metric does not accept."""

    def __init__(self, metric: "Metric", unit: str) -> None:
        """Name the units that would have been accepted."""
        accepted = ", ".join(sorted({metric.unit, *metric.accepted_units}))
        super().__init__(f"unit {unit!r} is not accepted for {metric.name}; accepted: {accepted}")
        self.unit = unit


@dataclass(frozen=True, slots=True)
class Conversion:
    """canonical = value · scale + offset."""

    scale: float
    offset: float = 0.0

    def apply(self, value: float) -> float:
        """Return the value in the metric's canonical unit."""
        return value * self.scale + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One row of the table: `name` carries the canonical unit, `quantity` does not."""

    name: str
    quantity: str
    kind: MeasurementKind
    unit: str
    nature: Nature
    low: float
    high: float
    accepted_units: Mapping[str, Conversion] = field(default_factory=dict)

    def conversion(self, unit: str | None) -> Conversion | None:
        """Return how to reach the canonical unit; None when nothing is to be done.

        Raises UnknownUnitError for a unit that this metric does not accept.
        """
        if unit is None or unit == self.unit:
            return None
        try:
            return self.accepted_units[unit]
        except KeyError:
            raise UnknownUnitError(self, unit) from None

    def in_range(self, value: float) -> bool:
        """Say whether the value is physically possible; NaN is not."""
        return self.low <= value <= self.high


# Two thirds of these conversions are powers of ten; the others carry their reason.
_WATT = {"kW": Conversion(1e3), "MW": Conversion(1e6), "mW": Conversion(1e-3)}
_KWH = {"Wh": Conversion(1e-3), "MWh": Conversion(1e3), "度": Conversion(1.0), "J": Conversion(1 / 3.6e6)}
_CELSIUS = {
    "C": Conversion(1.0),
    "degC": Conversion(1.0),
    "℃": Conversion(1.0),
    "°F": Conversion(5 / 9, -160 / 9),
    "F": Conversion(5 / 9, -160 / 9),
    "degF": Conversion(5 / 9, -160 / 9),
    "K": Conversion(1.0, -273.15),
}
_PERCENT = {"percent": Conversion(1.0), "fraction": Conversion(100.0)}
# µ is written as the micro sign (U+00B5, the canonical unit) or as the Greek letter mu (U+03BC).
_MICROGRAM = {
    "\u03bcg/m³": Conversion(1.0),
    "ug/m3": Conversion(1.0),
    "ug/m³": Conversion(1.0),
    "mg/m³": Conversion(1e3),
    "mg/m3": Conversion(1e3),
}
# 1 ppb of formaldehyde is 1.23 µg/m³ at 25 °C and 101.3 kPa (molar mass 30.03 g/mol ÷ 24.45 L/mol).
_HCHO = {
    "mg/m3": Conversion(1.0),
    "ug/m³": Conversion(1e-3),
    "µg/m³": Conversion(1e-3),
    "\u03bcg/m³": Conversion(1e-3),
    "ppm": Conversion(30.03 / 24.45),
    "ppb": Conversion(30.03 / 24.45 * 1e-3),
}
# TVOC is a mixture: no molar mass, so parts per billion are refused rather than guessed.
_TVOC = {"mg/m3": Conversion(1.0), "ug/m³": Conversion(1e-3), "ug/m3": Conversion(1e-3), "µg/m³": Conversion(1e-3)}
_CUBIC_METRE = {"m3": Conversion(1.0), "L": Conversion(1e-3), "l": Conversion(1e-3)}

_O = MeasurementKind.OCCUPANCY
_E = MeasurementKind.ELECTRICITY
_A = MeasurementKind.AIR_QUALITY
_D = MeasurementKind.DOOR_ACCESS
_U = MeasurementKind.UTILITIES
_NOW = Nature.INSTANTANEOUS
_SUM = Nature.CUMULATIVE
_BOOL = Nature.BOOLEAN


def _metric(
    name: str,
    quantity: str,
    kind: MeasurementKind,
    unit: str,
    nature: Nature,
    low: float,
    high: float,
    accepted: Mapping[str, Conversion] | None = None,
) -> Metric:
    return Metric(
        name=name,
        quantity=quantity,
        kind=kind,
        unit=unit,
        nature=nature,
        low=low,
        high=high,
        accepted_units=MappingProxyType(dict(accepted or {})),
    )


# Ranges are the project's own choice: what no sane instrument in an office can exceed.
# They are there to catch a wrong unit or a broken frame, not to judge a room.
_TABLE = (
    _metric("people_count", "people_count", _O, "count", _NOW, 0, 10_000),
    _metric("motion", "motion", _O, "bool", _BOOL, 0, 1),
    _metric("presence", "presence", _O, "bool", _BOOL, 0, 1),
    _metric("wifi_devices", "wifi_devices", _O, "count", _NOW, 0, 100_000),
    _metric("active_power_w", "active_power", _E, "W", _NOW, -5e7, 5e7, _WATT),
    _metric("energy_import_kwh", "energy_import", _E, "kWh", _SUM, 0, 1e10, _KWH),
    _metric("energy_export_kwh", "energy_export", _E, "kWh", _SUM, 0, 1e10, _KWH),
    _metric(
        "reactive_import_kvarh",
        "reactive_import",
        _E,
        "kvarh",
        _SUM,
        0,
        1e10,
        {"varh": Conversion(1e-3), "Mvarh": Conversion(1e3)},
    ),
    _metric("voltage_v", "voltage", _E, "V", _NOW, 0, 50_000, {"kV": Conversion(1e3), "mV": Conversion(1e-3)}),
    _metric("current_a", "current", _E, "A", _NOW, -20_000, 20_000, {"mA": Conversion(1e-3), "kA": Conversion(1e3)}),
    _metric("power_factor", "power_factor", _E, "ratio", _NOW, -1, 1, {"%": Conversion(0.01)}),
    _metric("residual_current_ma", "residual_current", _E, "mA", _NOW, 0, 100_000, {"A": Conversion(1e3)}),
    _metric("cable_temperature_c", "cable_temperature", _E, "°C", _NOW, -50, 400, _CELSIUS),
    _metric("temperature_c", "temperature", _A, "°C", _NOW, -60, 85, _CELSIUS),
    _metric("relative_humidity_pct", "relative_humidity", _A, "%", _NOW, 0, 100, {**_PERCENT, "%RH": Conversion(1.0)}),
    _metric("co2_ppm", "co2", _A, "ppm", _NOW, 0, 50_000, {"%": Conversion(1e4), "ppb": Conversion(1e-3)}),
    _metric("pm2_5_ugm3", "pm2_5", _A, "µg/m³", _NOW, 0, 10_000, _MICROGRAM),
    _metric("pm10_ugm3", "pm10", _A, "µg/m³", _NOW, 0, 20_000, _MICROGRAM),
    _metric("hcho_mgm3", "hcho", _A, "mg/m³", _NOW, 0, 50, _HCHO),
    _metric("tvoc_mgm3", "tvoc", _A, "mg/m³", _NOW, 0, 200, _TVOC),
    _metric(
        "illuminance_lux", "illuminance", _A, "lx", _NOW, 0, 200_000, {"lux": Conversion(1.0), "klx": Conversion(1e3)}
    ),
    _metric(
        "sound_level_dba", "sound_level", _A, "dB(A)", _NOW, 0, 160, {"dB": Conversion(1.0), "dBA": Conversion(1.0)}
    ),
    _metric("open", "open", _D, "bool", _BOOL, 0, 1),
    _metric("locked", "locked", _D, "bool", _BOOL, 0, 1),
    _metric("hvac_on", "hvac_on", _A, "bool", _BOOL, 0, 1),
    _metric("setpoint_c", "setpoint", _A, "°C", _NOW, 0, 60, _CELSIUS),
    _metric("water_m3", "water", _U, "m³", _SUM, 0, 1e9, _CUBIC_METRE),
    _metric("gas_m3", "gas", _U, "m³", _SUM, 0, 1e9, _CUBIC_METRE),
    # 1 kWh = 0.0036 GJ by definition.
    _metric(
        "heat_gj",
        "heat",
        _U,
        "GJ",
        _SUM,
        0,
        1e9,
        {"MJ": Conversion(1e-3), "kWh": Conversion(0.0036), "MWh": Conversion(3.6)},
    ),
    _metric("battery_pct", "battery", _D, "%", _NOW, 0, 100, _PERCENT),
    # How far a device's clock is ahead of ours; 1e9 s is 31 years, a clock that was never set.
    _metric("clock_offset_s", "clock_offset", _D, "s", _NOW, -1e9, 1e9, {"ms": Conversion(1e-3)}),
    _metric("signal_dbm", "signal", _D, "dBm", _NOW, -200, 50),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _TABLE})
_BY_ANY_NAME: Mapping[str, Metric] = MappingProxyType({metric.quantity: metric for metric in _TABLE} | dict(METRICS))


def find_metric(name: str) -> Metric:
    """Return the metric for a stored name (`co2_ppm`) or a contract quantity (`co2`).

    Raises UnknownMetricError.
    """
    try:
        return _BY_ANY_NAME[name]
    except KeyError:
        raise UnknownMetricError(name) from None
