"""Parts of the electricity as a sentence tells them."""

from datetime import date

from reports.energy_report_figures import Figure, Share, together
from sensors.topology import Name


def share(key: str, basis: str, kwh: float | None) -> Share:
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    figure = Figure(id=f"{key}/{basis}", unit="kWh", value=kwh, first=first, last=last, source="-")
    return Share(key=key, name=Name(zh=key, en=key), basis=basis, figure=figure)


def test_what_was_measured_and_what_was_divided_by_area_is_one_part() -> None:
    parts = [
        share("finance", "measured", 140.5),
        share("planning", "measured", 122.4),
        share("planning", "by_area", 115),
    ]
    told = [(name, figure.value) for name, figure in together(parts, lambda each: each.key)]
    assert told == [("planning", 237.4), ("finance", 140.5)]


def test_a_part_of_which_nothing_is_known_is_no_zero() -> None:
    [(_, figure)] = together([share("finance", "measured", None)], lambda each: each.key)
    assert figure.value is None
