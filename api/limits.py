"""Limits of roles as somebody writes them, checked against the registry."""

from collections.abc import Iterable
from typing import Protocol

from api.problems import Problem, ProblemError
from sensors.actors import Limit, LimitKind, Role
from sensors.topology import BuildingId, DepartmentId, Registry


class WrittenLimit(Protocol):
    """A role and a place, as they were written."""

    @property
    def role(self) -> Role:
        """Return the role."""
        ...

    @property
    def kind(self) -> LimitKind:
        """Return the kind of the place."""
        ...

    @property
    def id(self) -> str:
        """Return the id of the place."""
        ...


def limits_of(written: Iterable[WrittenLimit], registry: Registry) -> frozenset[Limit]:
    """Return the limits. Raises ProblemError where a place is not in the registry."""
    limits = frozenset(Limit(each.role, each.kind, each.id) for each in written)
    unknown = sorted({f"{each.kind}:{each.id}" for each in limits if not _is_known(each, registry)})
    if unknown:
        advice = f"the registry has no {', '.join(unknown)}; take ids from its sites, buildings and departments"
        raise ProblemError(Problem(status=422, code="limit_unknown", detail=advice))
    return limits


def _is_known(limit: Limit, registry: Registry) -> bool:
    if limit.kind is LimitKind.BUILDING:
        return BuildingId(limit.id) in registry.buildings
    if limit.kind is LimitKind.DEPARTMENT:
        return DepartmentId(limit.id) in registry.departments
    return limit.id == registry.site.id
