"""S09: a building whose title, land certificate or owner is not clear."""

from analytics.frame import RunData, not_applicable
from analytics.rules.record import recorded
from sensors.subjects import Subject, SubjectKind
from sensors.topology import Building
from sensors.verdicts import Finding

RULE = "S09"
PAPERS = ("title_certificate", "land_certificate", "owner")


def title_unclear(data: RunData) -> list[Finding]:
    """Return the verdict about each building: how many of its papers the registry says there are not.

    A paper that the registry does not speak of is not judged; one that is written `none` is a fault.
    """
    return [_judged(data, building) for building in data.registry.buildings.values()]


def _judged(data: RunData, building: Building) -> Finding:
    subject = Subject(SubjectKind.BUILDING, building.id)
    papers: dict[str, str | None] = {name: getattr(building, name) for name in PAPERS}
    absent = [name for name, paper in papers.items() if paper is not None and not paper.strip()]
    unrecorded = [f"building.{name}" for name, paper in papers.items() if paper is None]
    if unrecorded and not absent:
        return not_applicable(data, RULE, subject, *unrecorded)
    told = {name: "absent" if name in absent else "recorded" for name, paper in papers.items() if paper is not None}
    limit = data.thresholds.value(RULE, "absent_papers")
    return recorded(
        data,
        RULE,
        subject,
        fault=len(absent) > limit,
        value=len(absent),
        threshold=limit,
        unit="papers",
        told=told,
    )
