"""One finding per cause: what another finding of the same run explains is not told as a fault of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sensors.subjects import SubjectKind
from sensors.topology import DeviceId, Registry
from sensors.verdicts import Finding, Verdict

BASE_LOAD, AFTER_HOURS = "E03", "E04"
OFFLINE, GATEWAY_DOWN = "G01", "G04"
SEE_BASE_LOAD = "a finding of its own: see E03"
AFTER_HOURS_EVIDENCE = ("after_hours_ratio", "last_year_ratio")


def one_per_cause(findings: Iterable[Finding], registry: Registry) -> list[Finding]:
    """Return the findings with each cause told once: a silent device under its gateway, E04 under E03.

    What is explained becomes not applicable and names where to look, so that a fault opened before ends there and
    comes back only if it outlasts its cause. A run that does not ask for the cause tells every fault itself.
    """
    told = list(findings)
    return _under_gateways(_under_base_load(told), registry)


def _under_gateways(findings: Sequence[Finding], registry: Registry) -> list[Finding]:
    down = {each.subject.id: each for each in findings if _is_fault(each, GATEWAY_DOWN)}
    return [_under_gateway(each, registry, down) if _is_fault(each, OFFLINE) else each for each in findings]


def _under_gateway(finding: Finding, registry: Registry, down: dict[str, Finding]) -> Finding:
    if finding.subject.kind is not SubjectKind.DEVICE:
        return finding
    gateway = registry.devices[DeviceId(finding.subject.id)].gateway
    if gateway is None or gateway not in down:
        return finding
    return _explained(finding, f"a word of gateway {gateway}: see G04")


def _under_base_load(findings: Sequence[Finding]) -> list[Finding]:
    base = [each for each in findings if _is_fault(each, BASE_LOAD)]
    after = [each for each in findings if _is_fault(each, AFTER_HOURS)]
    merged: list[Finding] = []
    for each in findings:
        if _is_fault(each, BASE_LOAD):
            merged.append(_with_evidence(each, [other for other in after if _meet(each, other)]))
        elif _is_fault(each, AFTER_HOURS) and any(_meet(each, other) for other in base):
            merged.append(_explained(each, SEE_BASE_LOAD))
        else:
            merged.append(each)
    return merged


def _with_evidence(finding: Finding, others: Sequence[Finding]) -> Finding:
    if not others:
        return finding
    latest = max(others, key=lambda other: other.end)
    added = {name: latest.evidence[name] for name in AFTER_HOURS_EVIDENCE if name in latest.evidence}
    return replace(finding, evidence={**finding.evidence, **added, "after_hours_rise_pct": latest.value})


def _explained(finding: Finding, why: str) -> Finding:
    return Finding(
        rule=finding.rule,
        subject=finding.subject,
        verdict=Verdict.NOT_APPLICABLE,
        start=finding.start,
        end=finding.end,
        missing=(why,),
    )


def _meet(one: Finding, other: Finding) -> bool:
    return one.subject == other.subject and one.start < other.end and other.start < one.end


def _is_fault(finding: Finding, rule: str) -> bool:
    return finding.rule == rule and finding.verdict is Verdict.FAULT
