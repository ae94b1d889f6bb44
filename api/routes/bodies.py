"""What the API takes: strict, bounded, nothing unknown."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from analytics.ledger import Judgement
from api.problems import Problem, ProblemError
from sensors.actors import LimitKind, Role
from sensors.local_time import EARLIEST, LATEST
from sensors.subjects import Subject

LATEST_NUMBER = 2**53
"""No record has a greater number; a greater one is more than a database holds."""


def _plain(text: str) -> str:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        msg = "holds a character that no text has"
        raise ValueError(msg)
    return text


def _plausible(time: datetime) -> datetime:
    if not EARLIEST <= time < LATEST:
        msg = f"is not between {EARLIEST.year} and {LATEST.year}"
        raise ValueError(msg)
    return time


Text = Annotated[str, AfterValidator(_plain)]
Time = Annotated[AwareDatetime, AfterValidator(_plausible)]
Number = Annotated[int, Field(ge=0, le=LATEST_NUMBER)]
Note = Annotated[Text, Field(max_length=2000)]


class Body(BaseModel):
    """A JSON object that takes no key it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Credentials(Body):
    """A user name and a password; `code` of those who have set up a second step: from the app, or for recovery."""

    user_name: Annotated[Text, Field(max_length=200)]
    password: Annotated[Text, Field(max_length=1000)]
    code: Annotated[Text, Field(max_length=100)] = ""


class LinkFollowed(Body):
    """What somebody who follows a link chooses; an account that exists needs the password only."""

    token: Annotated[Text, Field(max_length=200)]
    password: Annotated[Text, Field(max_length=1000)]
    user_name: Annotated[Text, Field(max_length=200)] = ""
    name: Annotated[Text, Field(max_length=200)] = ""


class PasswordChange(Body):
    """The present password and the new one."""

    old: Annotated[Text, Field(max_length=1000)]
    new: Annotated[Text, Field(max_length=1000)]


class LimitBody(Body):
    """A place within which a role counts."""

    role: Role
    kind: LimitKind
    id: Annotated[Text, Field(min_length=1, max_length=100)]


class AccountBody(Body):
    """A new account."""

    user_name: Annotated[Text, Field(max_length=200)]
    name: Annotated[Text, Field(max_length=200)]
    roles: frozenset[Role]
    person: Annotated[Text, Field(max_length=200)] | None = None
    limits: Annotated[list[LimitBody], Field(max_length=200)] = []


class LimitsBody(Body):
    """All places within which roles of an account are to count; a role that none names counts everywhere."""

    limits: Annotated[list[LimitBody], Field(max_length=200)]


class RolesBody(Body):
    """All roles that an account is to have."""

    roles: frozenset[Role]


class NoteBody(Body):
    """Why."""

    note: Note = ""


class EndBody(Body):
    """Why an alert is over while its sensor does not say so."""

    note: Annotated[Note, Field(min_length=1)]


class AcknowledgeBody(NoteBody):
    """Why, and for whom where somebody outside has called."""

    on_behalf_of: Annotated[Text, Field(max_length=200)] = ""


class RetryBody(Body):
    """Which calls to make once more; all where none are named."""

    numbers: Annotated[tuple[Number, ...], Field(max_length=500)] = ()


class AssignBody(NoteBody):
    """Who answers for an item; what is left out stays as it is."""

    responsible: Annotated[Text, Field(max_length=200)]
    deadline: date | None = None
    measure: Note = ""


class JudgeBody(Body):
    """What a person says of a finding; null takes it back. `until` ends an acceptance."""

    judgement: Judgement | None
    until: Time | None = None


def subject_of(written: str) -> Subject:
    """Return the subject that somebody wrote, like `room:a-201`. Raises ProblemError."""
    try:
        return Subject.parse(written)
    except ValueError as exc:
        raise ProblemError(Problem(status=422, code="invalid", detail=str(exc))) from exc
