"""What every page is made from: who looks, in which language, with which records and names."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from api.messages import Language, Messages
from api.pages.views import Viewer
from api.pages.wording import Wording
from api.people import names
from api.ports import RecordsTransaction, Services
from sensors.actors import Actor, Permission
from sensors.verdicts import Severity

GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}
"""Severities in order, the gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One request by one person: everything a view is built from."""

    services: Services
    actor: Actor
    wording: Wording
    tx: RecordsTransaction

    @property
    def messages(self) -> Messages:
        """The texts in the reader's language."""
        return self.wording.messages

    @property
    def now(self) -> datetime:
        """The time at which the page is made."""
        return self.wording.now

    def viewer(self) -> Viewer:
        """Return who looks, by name and roles."""
        demo = self.services.web.demo_actor
        return Viewer(
            id=self.actor.id,
            name=self.actor.name,
            roles=[self.messages.text(f"role.{role}") for role in sorted(self.actor.roles)],
            is_demo=demo is not None and demo.id == self.actor.id,
            reads=self.actor.may(Permission.READ),
            manages_people=self.actor.may(Permission.MANAGE_USERS),
        )


def open_desk(services: Services, tx: RecordsTransaction, actor: Actor, language: Language) -> Desk:
    """Return the desk of one request."""
    registry = services.registry()
    demo = services.web.demo_actor
    known = ({} if demo is None else {demo.id: demo.name}) | dict(names(tx))
    wording = Wording(
        messages=Messages(language, ZoneInfo(registry.site.timezone)),
        registry=registry,
        now=services.clock.now(),
        person=known.get,
    )
    return Desk(services=services, actor=actor, wording=wording, tx=tx)
