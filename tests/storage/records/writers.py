"""A process that writes to the records until it is told to stop: `python -m tests.storage.records.writers URL NAME N`.

With N = 0 it dies by its own hand in the middle of a transaction.
"""

import os
import signal
import sys

from storage.records import SqlRecords
from tests.storage.records.stores import NOON, alert, alert_step


def write(url: str, name: str, count: int) -> None:
    """Save `count` alerts, one transaction each; each takes a number in the ledger, too."""
    records = SqlRecords(url)
    for number in range(count):
        made = alert(id=f"{name}-{number}")
        with records.transaction() as tx:
            tx.next_item_number()
            tx.save_alert(made, alert_step(made))
    records.close()


def die_writing(url: str) -> None:
    """End by SIGKILL with half a transaction done."""
    with SqlRecords(url).transaction() as tx:
        tx.audit(actor_id="a", action="b", subject="c", at=NOON)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    address, writer, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if wanted:
        write(address, writer, wanted)
    else:
        die_writing(address)
