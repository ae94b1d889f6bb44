"""A store that was away for days: millions of readings wait and are drained in order while new ones come."""

import os
from contextlib import closing
from pathlib import Path

import click
import pytest

from sensors.intake import SpoolEntry
from sensors.readings import ReadingBatch
from sensors.topology import SiteId
from storage.spool import SqliteSpool
from tests.faults.gateway import START_MS, reading, sent_all
from tests.faults.processes import SITE, Part, parts_in
from tests.servers import eventually

pytestmark = pytest.mark.kill

WAITING = int(os.environ.get("PREMISES_TEST_WAITING", "200000"))
"""How many readings wait; five million in the soak."""

MOST_MB = 900
"""What the server may take while it drains any number: about 300 MB of its own, the drain's bound, and DuckDB's log."""

_DEVICES = 500
_AT_ONCE = 2_000


def fill(home_spool: Path, count: int) -> None:
    """Put readings into the spool as ingest would have left them."""
    with closing(SqliteSpool(home_spool, min_free_bytes=0)) as spool:
        for first in range(0, count, _AT_ONCE):
            batch = ReadingBatch(site=SiteId(SITE))
            for number in range(first, min(count, first + _AT_ONCE)):
                batch.add(START_MS + number // _DEVICES * 1000, f"away{number % _DEVICES}", "co2_ppm", number % 5000)
            spool.commit([SpoolEntry(gateway="gw0", received_ms=START_MS, received=len(batch), readings=batch)])


def peak_mb(part: Part) -> float:
    """Return the most memory that a process ever had."""
    assert part.process is not None
    lines = Path(f"/proc/{part.process.pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def test_millions_that_wait_are_drained_in_order_while_more_come(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with parts_in(tmp_path) as parts:
        fill(parts.home.spool, WAITING)
        parts.start_broker()
        parts.ingest.start()
        parts.serve.start()
        sent_all(parts.port, [reading(number) for number in range(1_000)])
        eventually(lambda: parts.stored() >= WAITING + 1_000, what="all is stored", seconds=120 + WAITING / 10_000)
        eventually(lambda: not parts.book().spooled, what="the spool is empty")
        assert parts.book("gw0").stored == WAITING
        assert parts.book("gw1").stored == 1_000
        assert parts.book("gw0").balances
        most_mb = peak_mb(parts.serve)
    with capsys.disabled():
        click.echo(f" {WAITING} readings waited, the server took {most_mb:.0f} MB ", nl=False)
    assert most_mb < MOST_MB
