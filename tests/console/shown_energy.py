"""The use of electricity of the shown building, by hand-written amounts and the real division."""

from collections.abc import Mapping

from analytics.submetering import divided
from api.ports import EnergyAsked
from sensors.topology import CircuitId, Registry

WH = {CircuitId("c-main"): 9_120_500, CircuitId("c-1f-light"): 2_310_250, CircuitId("c-2f-plugs"): 4_025_125}
PRICE_CNY_KWH, CARBON_KG_KWH = 0.68, 0.1235


def shown_energy(registry: Registry, asked: EnergyAsked) -> Mapping[str, object]:
    """Return what was used, with a circuit that missed two days."""
    found = divided(registry, WH, asked.by)
    return {
        "load_kwh": found.load_wh / 1000,
        "pv_kwh": 0.0,
        "office_kwh": found.load_wh / 1000,
        "apart_kwh": 0.0,
        "unmetered_kwh": found.unmetered_wh / 1000,
        "unmetered_pct": round(100 * found.unmetered_wh / found.load_wh, 2),
        "estimated_kwh": 12.5,
        "price_cny_kwh": PRICE_CNY_KWH,
        "carbon_factor": {"grid": "云南", "year": 2023, "kg_per_kwh": CARBON_KG_KWH, "source": "省级因子"},
        "parts": [
            {
                "key": part.key,
                "name": {"zh": part.key, "en": part.key},
                "basis": part.basis.value,
                "apart": False,
                "kwh": part.wh / 1000,
                "cost_cny": round(part.wh / 1000 * PRICE_CNY_KWH, 2),
                "carbon_kg": round(part.wh / 1000 * CARBON_KG_KWH, 2),
            }
            for part in found.parts
        ],
        "over": [],
        "unknown": [],
        "missing_days": {"c-2f-plugs": 2},
    }
