"""A rule of the catalogue as JSON."""

from collections.abc import Iterable

from sensors.catalogue.blind_spots import BLIND_SPOTS
from sensors.catalogue.model import Needs, Parameter, RuleSpec
from sensors.topology import Name


def rule_json(spec: RuleSpec, ways: Iterable[str]) -> dict[str, object]:
    """Return all that the catalogue says of a rule, and how it is judged."""
    return {
        "id": spec.id,
        "name": _both(spec.name),
        "family": spec.family,
        "core": spec.core,
        "severity": spec.severity,
        "formula": _both(spec.formula),
        "measure": _both(spec.measure),
        "needs": _needs(spec.needs),
        "parameters": [_parameter(each) for each in spec.parameters],
        "verified_by": spec.verified_by,
        "verification_window_days": spec.verification_window_days,
        "cannot_see": _both(BLIND_SPOTS[spec.id]),
        "judged": list(ways),
    }


def _both(name: Name) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def _needs(needs: Needs) -> dict[str, object]:
    return {
        "metrics": [list(group) for group in needs.metrics],
        "events": list(needs.events),
        "fields": list(needs.fields),
        "records": list(needs.records),
    }


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "value": parameter.value,
        "unit": parameter.unit,
        "source": parameter.source.text,
        "confidence": parameter.source.confidence,
        "note": parameter.note,
    }
