"""What the simulated physics comes to by itself is in the truth, and discomfort that nobody felt is not."""

from premises.simulated.simulation import Simulation, Wish
from simulators.truth import TruthRow


def rows(rule: str, *, city: str, start: str, days: int) -> list[TruthRow]:
    simulation = Simulation.of(Wish(faults="none", days=days, rooms=6, seed=81, city=city, start=start))
    return [row for row in simulation.truth() if row.rule == rule]


def test_dry_air_of_a_heated_building_is_in_the_truth_once() -> None:
    found = rows("A06", city="beijing", start="2026-12-07", days=4)
    assert [str(row.subject) for row in found] == ["building:a"]


def test_building_between_the_seasons_owes_nothing() -> None:
    assert rows("A06", city="beijing", start="2026-10-19", days=4) == []
    assert rows("E07", city="beijing", start="2026-10-19", days=4) == []
