"""What stands, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.model import Alert, AlertState
from alerts.standing import Drill, OutOfService, Shelf, Silence, Standing
from tests.memory_records import MemoryRecords


@dataclass(slots=True)
class MemoryStanding(MemoryRecords):
    """Keeps `alerts.ports.StandingTransaction` by heart; `log` is what was done, by whom, to what."""

    things: dict[str, Silence | Drill | Shelf | OutOfService] = field(default_factory=dict)
    log: list[tuple[str, str, str]] = field(default_factory=list)

    def standing(self, now: datetime) -> Standing:
        del now
        kept = list(self.things.values())
        return Standing(
            silences=[each for each in kept if isinstance(each, Silence)],
            drills=[each for each in kept if isinstance(each, Drill)],
            shelves=[each for each in kept if isinstance(each, Shelf)],
            out_of_service=[each for each in kept if isinstance(each, OutOfService)],
        )

    def silence(self, silence_id: str) -> Silence | None:
        found = self.things.get(silence_id)
        return found if isinstance(found, Silence) else None

    def drill(self, drill_id: str) -> Drill | None:
        found = self.things.get(drill_id)
        return found if isinstance(found, Drill) else None

    def out_of_service(self, out_id: str) -> OutOfService | None:
        found = self.things.get(out_id)
        return found if isinstance(found, OutOfService) else None

    def save_standing(
        self, thing: Silence | Drill | Shelf | OutOfService, *, actor_id: str, action: str, at: datetime
    ) -> None:
        assert at.tzinfo is not None
        self.things[thing.id] = thing
        self.log.append((action, actor_id, thing.id))

    def alerts_in(self, state: AlertState) -> Sequence[Alert]:
        return [each for each in self.alert_rows.values() if each.state is state]
