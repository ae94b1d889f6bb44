"""The answer of an analysis as a JSON document; other programs rely on its keys."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from analytics.runs import Analysis
from analytics.summary import CircuitUse, RoomUse
from sensors.thresholds import Override
from sensors.verdicts import Finding

DECIMALS = 6


def analysis_document(analysis: Analysis) -> dict[str, object]:
    """Return findings and summary as JSON values: times RFC 3339 on the site's clock, unknown as null.

    `from` and `to` are local dates; `to` is exclusive, as on the command line. The summary holds the figures of
    personal rooms too, marked `personal`: whoever shows them to people withholds them, as the HTML answer does.
    """
    site = analysis.registry.site
    zone = ZoneInfo(site.timezone)
    return {
        "site": site.id,
        "timezone": site.timezone,
        "from": analysis.window.first.isoformat(),
        "to": (analysis.window.last + timedelta(days=1)).isoformat(),
        "rules": list(analysis.rules),
        "failed_rules": [{"rule": each.rule, "error": each.error} for each in analysis.failures],
        "overrides": [_override(each) for each in analysis.overrides],
        "findings": [_finding(finding, zone) for finding in analysis.findings],
        "summary": [_room(use) for use in analysis.summary],
    }


def _finding(finding: Finding, zone: ZoneInfo) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "subject": str(finding.subject),
        "verdict": finding.verdict.value,
        "start": finding.start.astimezone(zone).isoformat(),
        "end": finding.end.astimezone(zone).isoformat(),
        "value": _number(finding.value),
        "threshold": _number(finding.threshold),
        "unit": finding.unit,
        "missing": list(finding.missing),
        "severity": finding.severity.value if finding.severity else None,
        "energy_kwh": _number(finding.energy_kwh),
        "evidence": {name: _evidence(value) for name, value in finding.evidence.items()},
    }


def _override(override: Override) -> dict[str, object]:
    default = override.catalogued
    return {
        "rule": override.rule,
        "parameter": override.parameter,
        "subject": str(override.subject),
        "value": override.value,
        "default": default.value,
        "unit": default.unit,
        "by": override.by,
        "why": override.why,
        "since": override.since.isoformat(),
        **({"beyond_standard": override.beyond_standard} if override.beyond_standard else {}),
    }


def _room(use: RoomUse) -> dict[str, object]:
    return {
        "subject": str(use.subject),
        "utilisation_pct": _number(use.utilisation_pct),
        "occupied_h": _number(use.occupied_h),
        "known_h": _number(use.known_h),
        "working_h": _number(use.working_h),
        "days": use.days,
        "days_never_occupied": use.days_never_occupied,
        "personal": use.personal,
        "circuits": {circuit: _circuit(energy) for circuit, energy in use.circuits.items()},
    }


def _circuit(energy: CircuitUse) -> dict[str, object]:
    return {
        "kwh": _number(energy.kwh),
        "kwh_while_empty": _number(energy.kwh_while_empty),
        "empty_h": _number(energy.empty_h),
    }


def _number(value: float | None) -> float | int | None:
    return round(value, DECIMALS) if isinstance(value, float) else value


def _evidence(value: float | str | None) -> float | int | str | None:
    return value if isinstance(value, str) else _number(value)
