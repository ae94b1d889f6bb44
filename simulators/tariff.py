"""The tariff of the simulated site: periods and prices as a province may set them, the project's own figures."""

from datetime import date

from sensors.energy_terms import EnergyTerms, Period, Tariff, TariffSeason

SOURCE = "simulated"
ALL_YEAR = frozenset(range(1, 13))
PERIODS = (
    (Period.PEAK, ((9 * 60, 12 * 60), (14 * 60, 17 * 60))),
    (Period.VALLEY, ((0, 7 * 60), (23 * 60, 24 * 60))),
)
PRICES_CNY_KWH = ((Period.PEAK, 1.02), (Period.FLAT, 0.65), (Period.VALLEY, 0.28))
TARIFF = Tariff(
    first=date(2000, 1, 1),
    last=None,
    prices_cny_kwh=PRICES_CNY_KWH,
    seasons=(TariffSeason(months=ALL_YEAR, spans=PERIODS),),
    source=SOURCE,
)
TERMS = EnergyTerms(tariffs=(TARIFF,))


def energy_text() -> str:
    """Return the `energy.yaml` that says this tariff."""
    spans = ", ".join(f'{period}: "{",".join(map(_span, hours))}"' for period, hours in PERIODS)
    prices = ", ".join(f"{period}: {price}" for period, price in PRICES_CNY_KWH)
    return (
        "tariffs:\n"
        f"  - first: {TARIFF.first}\n"
        f"    source: {SOURCE}\n"
        f"    prices_cny_kwh: {{{prices}}}\n"
        "    seasons:\n"
        f"      - {{{spans}}}\n"
    )


def _span(span: tuple[int, int]) -> str:
    begin, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in span)
    return f"{begin}-{end}"
