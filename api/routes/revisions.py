"""Two people who edit one thing: whoever writes says which revision they read (RFC 9110 13.1.1, RFC 6585 3)."""

from typing import Annotated

from fastapi import Depends, Header, Response

from api.problems import Problem, ProblemError


def read_revision(if_match: Annotated[str | None, Header(max_length=40)] = None) -> int:
    """Return the revision that the writer read, from `If-Match: "3"`. Raises ProblemError."""
    if if_match is None:
        detail = 'say which revision you read: If-Match: "N", as the ETag of the answer said'
        raise ProblemError(Problem(status=428, code="revision_needed", detail=detail))
    written = if_match.removeprefix("W/").strip('"')
    if not (written.isascii() and written.isdigit()):
        raise ProblemError(Problem(status=412, code="stale", detail="this revision is none of ours; read it again"))
    return int(written)


ReadRevision = Annotated[int, Depends(read_revision)]


def tell_revision(response: Response, revision: int) -> None:
    """Write the revision that was read into the answer."""
    response.headers["ETag"] = f'"{revision}"'
