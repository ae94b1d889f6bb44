"""What explains an alert: another one that is open, which nothing else explains."""

from alerts.engine_rules import Inhibition
from alerts.past import OpenAlert, Past
from sensors.signals import Signal


def explained_by(signal: Signal, past: Past, inhibitions: tuple[Inhibition, ...]) -> OpenAlert | None:
    """Return the alert at the root of this one, None where it stands for itself.

    Two that would explain each other explain nothing: then people are told of both.
    """
    return _root(signal, past, inhibitions, frozenset({signal.mark}))


def _root(signal: Signal, past: Past, inhibitions: tuple[Inhibition, ...], seen: frozenset[str]) -> OpenAlert | None:
    for cause in _causes(signal, past, inhibitions):
        if cause.signal.mark in seen:
            continue
        if not _causes(cause.signal, past, inhibitions):
            return cause
        root = _root(cause.signal, past, inhibitions, seen | {cause.signal.mark})
        if root is not None:
            return root
    return None


def _causes(signal: Signal, past: Past, inhibitions: tuple[Inhibition, ...]) -> list[OpenAlert]:
    return [
        found
        for rule in inhibitions
        if rule.effect.matches(signal)
        for found in past.open_alerts(rule.causes)
        if found.signal.mark != signal.mark and rule.cause.matches(found.signal) and _alike(signal, found.signal, rule)
    ]


def _alike(effect: Signal, cause: Signal, rule: Inhibition) -> bool:
    """Say whether both name the same thing; what neither names is not the same."""
    return all(
        effect.parameters.get(name) and effect.parameters[name] == cause.parameters.get(name) for name in rule.same
    )
