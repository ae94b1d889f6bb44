"""The evidence of a proven item, as the daily job writes it."""

import json


def saved(kwh: float, low: float, high: float) -> str:
    """Return evidence of a saving of so many kWh with its interval."""
    return json.dumps(
        {
            "savings": {
                "savings_kwh": kwh,
                "savings_pct": 20,
                "ci90_kwh": [low, high],
                "ci90_pct": [10, 30],
                "model": None,
                "method": None,
                "circuits": [],
                "inside": [],
                "sufficiency": [],
            }
        }
    )
