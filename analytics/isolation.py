"""Rules kept apart: what one of them raises is noted and ends that rule alone."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sensors.errors import InputFault

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFailure:
    """A rule that raised: it has no verdicts in this run, so its findings stay as they were."""

    rule: str
    error: str
    """The exception in one line."""
    trace: str = field(repr=False)
    """Its traceback, for the log."""


@dataclass(slots=True)
class Isolation:
    """Asks rules one by one; a rule that raised once is asked no more."""

    _failed: dict[str, RuleFailure] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[RuleFailure, ...]:
        """Return the rules that failed, by id."""
        return tuple(self._failed[rule] for rule in sorted(self._failed))

    def ask(self, rule: str, work: Callable[[], T], otherwise: T) -> T:
        """Return what the work of a rule gives, `otherwise` where it fails or the rule has failed before.

        Raises InputFault: bad input is the asker's to mend and no failure of a rule.
        """
        if rule in self._failed:
            return otherwise
        try:
            return work()
        except InputFault:
            raise
        except Exception as exc:  # noqa: BLE001 - a task's boundary: the other rules go on
            self._failed[rule] = failure_of(rule, exc)
            return otherwise


def failure_of(rule: str, exc: Exception) -> RuleFailure:
    """Return the note of an exception that a rule raised."""
    lines = traceback.format_exception(exc)
    return RuleFailure(rule=rule, error=lines[-1].strip(), trace="".join(lines))
