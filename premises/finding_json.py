"""Findings between processes: JSON that loses nothing."""

from datetime import datetime
from typing import Any

from sensors.subjects import Subject
from sensors.verdicts import Finding, Severity, Verdict


def to_json(finding: Finding) -> dict[str, object]:
    """Return a finding as JSON values."""
    return {
        "rule": finding.rule,
        "subject": str(finding.subject),
        "verdict": finding.verdict.value,
        "start": finding.start.isoformat(),
        "end": finding.end.isoformat(),
        "value": finding.value,
        "threshold": finding.threshold,
        "unit": finding.unit,
        "severity": finding.severity.value if finding.severity else None,
        "missing": list(finding.missing),
        "energy_kwh": finding.energy_kwh,
        "evidence": dict(finding.evidence),
    }


def from_json(fields: dict[str, Any]) -> Finding:
    """Return the finding of `to_json`."""
    severity = fields["severity"]
    return Finding(
        rule=fields["rule"],
        subject=Subject.parse(fields["subject"]),
        verdict=Verdict(fields["verdict"]),
        start=datetime.fromisoformat(fields["start"]),
        end=datetime.fromisoformat(fields["end"]),
        value=fields["value"],
        threshold=fields["threshold"],
        unit=fields["unit"],
        severity=None if severity is None else Severity(severity),
        missing=tuple(fields["missing"]),
        energy_kwh=fields["energy_kwh"],
        evidence=fields["evidence"],
    )
