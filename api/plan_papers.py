"""The papers of rectification that the console and the API hand out, as whoever makes them gives them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from api.messages import Language
from api.papers import Paper
from rectification.plans import Plan
from sensors.actors import Actor
from sensors.topology import Registry

if TYPE_CHECKING:
    from api.ports import RecordsTransaction


class PlanPapers(Protocol):
    """Makes ledgers, plans and closing sheets, and takes edited ledgers in. Calls may block.

    All raise InputFault where this machine cannot make one of this form.
    """

    def over(self, registry: Callable[[], Registry], /) -> "PlanPapers":
        """Return the same over another registry, which may hold less of the site."""
        ...

    def ledger(self, tx: "RecordsTransaction", form: Paper, language: Language, plan: Plan | None = None, /) -> bytes:
        """Return the ledger of the site, or of one plan."""
        ...

    def plan(self, tx: "RecordsTransaction", identifier: str, form: Paper, language: Language, /) -> bytes:
        """Return a plan. Raises UnknownPlanError."""
        ...

    def closing(self, tx: "RecordsTransaction", identifier: str, form: Paper, language: Language, /) -> bytes:
        """Return the closing sheet of an item. Raises UnknownItemError."""
        ...

    def take_in(
        self, content: bytes, name: str, *, actor: Actor, is_dry: bool, takes_rest: bool
    ) -> Mapping[str, object]:
        """Return what an edited ledger changes, cell by cell; keep it unless that is dry. NotPermittedError."""
        ...
