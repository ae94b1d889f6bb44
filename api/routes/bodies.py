"""What the API takes: strict, bounded, nothing unknown."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from analytics.ledger import Judgement
from sensors.actors import Role

Note = Annotated[str, Field(max_length=2000)]


class Body(BaseModel):
    """A JSON object that takes no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Credentials(Body):
    """A user name and a password."""

    user_name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]


class LinkFollowed(Body):
    """What somebody who follows a link chooses; an account that exists needs the password only."""

    token: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]
    user_name: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=200)] = ""


class PasswordChange(Body):
    """The present password and the new one."""

    old: Annotated[str, Field(max_length=1000)]
    new: Annotated[str, Field(max_length=1000)]


class AccountBody(Body):
    """A new account."""

    user_name: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(max_length=200)]
    roles: frozenset[Role]
    person: Annotated[str, Field(max_length=200)] | None = None


class RolesBody(Body):
    """All roles that an account is to have."""

    roles: frozenset[Role]


class NoteBody(Body):
    """Why."""

    note: Note = ""


class AssignBody(NoteBody):
    """Who answers for an item; what is left out stays as it is."""

    responsible: Annotated[str, Field(max_length=200)]
    deadline: date | None = None
    measure: Note = ""


class JudgeBody(Body):
    """What a person says of a finding; null takes it back. `until` ends an acceptance."""

    judgement: Judgement | None
    until: AwareDatetime | None = None
