"""Two real ingests of one site over one PostgreSQL: each fire is told once, and the killed one leaves none untold."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from premises.notices.leases import PURPOSE
from premises.stores.records import open_records
from storage.records import SqlRecords
from tests.alerts.receiver import Receiver, receiver
from tests.servers import eventually, mosquitto, postgres
from tests.test_alerting import REGISTRY, Installation, home_with, ingest

pytestmark = pytest.mark.kill


@contextmanager
def shared_records() -> Iterator[str]:
    """Yield the address of a database of its own."""
    server = postgres()
    database = server.new_database()
    try:
        yield server.address(database)
    finally:
        server.drop(database)


def node(folder: Path, site: str, records: str, there: Receiver) -> Installation:
    """Return one node's home: its own broker session and spool, the records and the receiver that both share."""
    folder.mkdir()
    home = home_with(
        folder,
        f'[mqtt]\nport = {mosquitto().port}\nclient_id = "{site}-{folder.name}"\nsession_expiry_s = 60\n'
        f'topics = ["premises/v1/{site}/#"]\n[spool]\nmin_free_bytes = 0\n[records]\nurl = "{records}"\n'
        f'[alerts]\nwebhooks = [{{url = "{there.url}", secret_file = "secrets/hook"}}]\n',
    )
    home.registry.write_text(REGISTRY.format(site=site), encoding="utf-8")
    return Installation(home, site)


def is_holder(records: SqlRecords, place: Installation) -> bool:
    """Say whether a home holds the lease of the alerts."""
    with records.reading() as tx:
        lease = tx.lease(place.site, PURPOSE)
    return lease is not None and lease.holder.endswith(str(place.home.root))


def recorded(records: SqlRecords) -> set[str]:
    with records.reading() as tx:
        return {alert.zone for alert in tx.alerts()}


def zones(there: Receiver) -> list[str]:
    return [post.json["alert"]["zone"] for post in there.posts if post.json["kind"] == "raised"]


def test_kill_9_of_the_node_that_sends_leaves_its_fires_to_the_other(tmp_path: Path) -> None:
    site = f"s{uuid.uuid4().hex[:10]}"
    with shared_records() as address, receiver() as there:
        one, two = (node(tmp_path / name, site, address, there) for name in ("one", "two"))
        with closing(open_records(one.home)) as records, ingest(one) as process:
            eventually(lambda: is_holder(records, one), what="the first node has the lease")
            with ingest(two):
                one.fire(1)
                eventually(lambda: "1F" in zones(there), what="the first fire is told")
                process.kill()
                process.wait()
                one.fire(2)
                eventually(lambda: "2F" in zones(there), what="the second fire is told", seconds=30)
                eventually(lambda: recorded(records) == {"1F", "2F"}, what="both alerts", seconds=30)
                eventually(lambda: is_holder(records, two), what="the second node has the lease", seconds=30)
