"""The papers of rectification for the API: made as for the command line, edited ledgers taken in from their bytes."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from premises.plan_papers.edited import read_edited
from premises.plan_papers.making import PlanPapers
from premises.plan_papers.taking_in import PaperRecords, TakingIn
from rectification.commands import Deadlines
from sensors.actors import Actor
from sensors.topology import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPapers(PlanPapers):
    """Keeps `api.plan_papers.PlanPapers`."""

    records: PaperRecords
    deadline: Deadlines

    def over(self, registry: Callable[[], Registry]) -> "ServedPapers":
        """Return the same over another registry, which may hold less of the site."""
        return replace(self, registry=registry)

    def take_in(
        self, content: bytes, name: str, *, actor: Actor, is_dry: bool, takes_rest: bool
    ) -> Mapping[str, object]:
        """Return what an edited ledger changes, cell by cell; keep it unless that is dry. Raises WorkbookFault."""
        how = TakingIn(
            registry=self.registry(),
            clock=self.clock,
            deadline=self.deadline,
            actor=actor,
            is_dry=is_dry,
            takes_rest=takes_rest,
        )
        with tempfile.TemporaryDirectory(prefix="premises-ledger-") as folder:
            path = Path(folder, "edited-ledger.xlsx")
            path.write_bytes(content)
            edited = read_edited(path, name=PurePath(name).name[:100])
        return how.take_in(self.records, edited).as_json()
