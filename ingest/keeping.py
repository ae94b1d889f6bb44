"""What of a message goes into quarantine, and what is written of it in the log: repeated lines are held back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from ingest.messages import Message
from ingest.native import Decoded, Problem
from ingest.repeats import Repeats
from sensors.intake import Quarantined

_LONGEST_DETAIL = 1_000
_LONGEST_TOPIC = 1_000


@dataclass(slots=True, kw_only=True)
class Kept:
    """The raw side of one message: what its quarantined records are made of."""

    message: Message
    gateway: str
    entries: list[Quarantined] = field(default_factory=list)

    def add(
        self, reason: str, detail: str, *, records: int, paths: Sequence[str] = (), payload: bytes | None = None
    ) -> None:
        """Put so many records, or the whole message, aside under a reason."""
        raw = self.message.payload
        self.entries.append(
            Quarantined(
                topic=self.message.topic[:_LONGEST_TOPIC],
                payload=raw if payload is None else payload,
                reason=reason,
                detail=detail[:_LONGEST_DETAIL],
                gateway=self.gateway,
                received_ms=self.message.received_ms,
                records=records,
                paths=tuple(paths),
                size=len(raw),
            )
        )


class Keeper:
    """Keeps what could not be read, and says so once in a while."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger) -> None:
        """Write into this log."""
        self._log = log
        self._repeats = Repeats()

    def problems(self, kept: Kept, decoded: Decoded) -> None:
        """Put the records that could not be read into quarantine, those of one reason together."""
        by_reason: defaultdict[str, list[Problem]] = defaultdict(list)
        for problem in decoded.problems:
            by_reason[problem.reason].append(problem)
        for reason, problems in by_reason.items():
            detail = "; ".join(f"{each.path}: {each.detail}".removeprefix(": ") for each in problems[:10])
            paths = [_kept_path(decoded, each) for each in problems if each.record is not None]
            kept.add(reason, detail, records=len(problems), paths=paths)
        for note in decoded.notes:
            held = self._repeats.due((kept.gateway, note.reason), kept.message.received_ms)
            if held is not None:
                self._log.warning("field_ignored", gateway=kept.gateway, path=note.path, reason=note.reason, held=held)

    def tell(self, kept: Kept) -> None:
        """Write what went into quarantine."""
        for each in kept.entries:
            held = self._repeats.due((kept.gateway, each.reason), each.received_ms)
            if held is not None:
                self._log.warning(
                    "quarantined", gateway=kept.gateway, reason=each.reason, detail=each.detail[:200], held=held
                )


def record_path(decoded: Decoded, kind: str, index: int) -> str:
    """Return where a record stands in its message."""
    return decoded.paths[index] if decoded.paths else f"{kind}[{index}]"


def _kept_path(decoded: Decoded, problem: Problem) -> str:
    """Return where the record of a problem stands in its message."""
    return problem.path if decoded.paths else problem.path.partition(".")[0]
