"""One finding per cause: what another finding of the same run explains is not told as a fault of its own."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from sensors.subjects import SubjectKind
from sensors.topology import CircuitId, DeviceId, Registry
from sensors.verdicts import Finding, Verdict

BASE_LOAD, AFTER_HOURS = "E03", "E04"
ANOMALY = "E10"
OFFLINE, GATEWAY_DOWN = "G01", "G04"
HIGH_CO2, FRESH_AIR = "A01", "A02"
SEE_BASE_LOAD = "a finding of its own: see E03"
SEE_HIGH_CO2 = "a finding of its own: see A01"
SUPPLY_RULES = frozenset({"L05", "L06"})
"""What comes from the supply shows on every circuit behind it: it is told of the uppermost."""
AFTER_HOURS_EVIDENCE = ("after_hours_ratio", "last_year_ratio")

EXPLAINED_BY: Mapping[str, str] = MappingProxyType(
    {AFTER_HOURS: BASE_LOAD, ANOMALY: BASE_LOAD, OFFLINE: GATEWAY_DOWN, FRESH_AIR: HIGH_CO2}
)
"""Rules whose faults another rule's may explain."""
SPEAKING = frozenset({*EXPLAINED_BY, *EXPLAINED_BY.values(), *SUPPLY_RULES})
"""Rules whose faults explain or are explained."""


def without_explanation(findings: Iterable[Finding], failed: Collection[str]) -> list[Finding]:
    """Return the findings less the faults whose explanation is not known, for the rule that would give it failed.

    They stay as they were: to tell them as faults of their own would begin what the next run takes back.
    """
    left_out = {rule for rule, cause in EXPLAINED_BY.items() if cause in failed}
    return [each for each in findings if each.rule not in left_out or each.verdict is not Verdict.FAULT]


def one_per_cause(findings: Iterable[Finding], registry: Registry) -> list[Finding]:
    """Return the findings with each cause told once.

    A silent device is told under its gateway, E04 and E10 under E03, A02 under A01. A voltage is told of the
    uppermost circuit that has it.

    What is explained becomes not applicable and names where to look, so that a fault opened before ends there and
    comes back only if it outlasts its cause. A run that does not ask for the cause tells every fault itself.
    """
    every = list(findings)
    found = [(place, each) for place, each in enumerate(every) if _has_a_say(each)]
    faults = [each for _, each in found]
    told = _under_gateways(_under_supply(_under_high_co2(_under_base_load(faults)), registry), registry)
    for (place, _), each in zip(found, told, strict=True):
        every[place] = each
    return every


def _has_a_say(finding: Finding) -> bool:
    """Say whether a finding may explain another or be explained: a few of the tens of thousands."""
    return finding.verdict is Verdict.FAULT and finding.rule in SPEAKING


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
        elif _takes_base_load(each) and any(_meet(each, other) for other in base):
            merged.append(_explained(each, SEE_BASE_LOAD))
        else:
            merged.append(each)
    return merged


def _takes_base_load(finding: Finding) -> bool:
    """Say whether a finding tells of the same energy as a base load does: after hours, or in all."""
    return _is_fault(finding, AFTER_HOURS) or _is_fault(finding, ANOMALY)


def _under_high_co2(findings: Sequence[Finding]) -> list[Finding]:
    high = [each for each in findings if _is_fault(each, HIGH_CO2)]
    stale = [each for each in findings if _is_fault(each, FRESH_AIR)]
    merged: list[Finding] = []
    for each in findings:
        if _is_fault(each, HIGH_CO2):
            fresh = [other.value for other in stale if _meet(each, other) and other.value is not None]
            added = {"fresh_air_m3h": min(fresh)} if fresh else {}
            merged.append(replace(each, evidence={**each.evidence, **added}))
        elif _is_fault(each, FRESH_AIR) and any(_meet(each, other) for other in high):
            merged.append(_explained(each, SEE_HIGH_CO2))
        else:
            merged.append(each)
    return merged


def _under_supply(findings: Sequence[Finding], registry: Registry) -> list[Finding]:
    faults = [each for each in findings if each.rule in SUPPLY_RULES and each.verdict is Verdict.FAULT]
    of_circuit: dict[tuple[str, str], list[Finding]] = {}
    for each in faults:
        of_circuit.setdefault((each.rule, each.subject.id), []).append(each)
    explained = {id(each): over for each in faults if (over := _above_with_fault(each, of_circuit, registry))}
    return [
        _explained(each, f"the voltage of circuit {explained[id(each)]}: see {each.rule}")
        if id(each) in explained
        else each
        for each in findings
    ]


def _above_with_fault(
    finding: Finding, of_circuit: dict[tuple[str, str], list[Finding]], registry: Registry
) -> CircuitId | None:
    """Return the uppermost circuit above with a fault of the same rule at the same time."""
    over = [
        circuit.id
        for circuit in registry.above(CircuitId(finding.subject.id))
        if any(
            other.unit == finding.unit and other.start < finding.end and finding.start < other.end
            for other in of_circuit.get((finding.rule, circuit.id), ())
        )
    ]
    return over[-1] if over else None


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
