"""Somebody with limits, who is held to what they have asked to do."""

from dataclasses import dataclass, field

from sensors.actors import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldActor(Actor):
    """An actor with limits. What was asked of them during a request narrows where they reach during it."""

    asked: set[Permission] = field(default_factory=set, compare=False, repr=False)

    def must(self, permission: Permission) -> None:
        """Return when the actor is allowed to do this somewhere, and hold them to where. Raises NotPermittedError."""
        Actor.must(self, permission)
        self.asked.add(permission)

    @classmethod
    def of(cls, actor: Actor) -> "HeldActor":
        """Return an actor who is held."""
        return cls(
            id=actor.id, name=actor.name, roles=actor.roles, is_system=False, only=actor.only, limits=actor.limits
        )
