"""What `/metrics` says of the books, gateway by gateway."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from premises.home import Home
from premises.intake.data_desk import SpoolDesk
from premises.metrics import Figures, Sources
from storage.registry_file import load_registry
from tests.quarantine.homes import co2, home_in, message, take_in


class SetClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def figures(home: Home) -> dict[tuple[str, ...], float]:
    registry, clock = load_registry(home.registry), SetClock()
    with closing(SpoolDesk(home, registry=lambda: registry, clock=clock)) as desk:
        sources = Sources(
            home=home,
            clock=clock,
            accounts=desk.accounts,
            heaps=desk.heaps,
            spool=desk.spool_figures,
            newest_reading=lambda: None,
            last_analysis=lambda: None,
        )
        text = Figures(sources).text().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_records_that_came_with_qos_0_are_told_apart(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    assured = message([co2("aq1", 700)])._replace(packet_id=7)
    take_in(home, message([co2("aq1", 400), co2("aq1", 500)]), assured)
    found = figures(home)
    assert found["premises_records_received_total", "gw1"] == 3
    assert found["premises_records_unassured_total", "gw1"] == 2


def test_a_gateways_name_is_a_label_whatever_is_in_it(tmp_path: Path) -> None:
    home = home_in(tmp_path)
    odd = 'a"} 9\npremises_records_received_total{gateway="b\\'
    take_in(home, message([co2("aq1", 400)], topic=f"hq/{odd}/readings"))
    found = figures(home)
    assert found["premises_records_received_total", odd] == 1
    assert ("premises_records_received_total", "b") not in found
