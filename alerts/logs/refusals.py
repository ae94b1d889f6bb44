"""Why an entry is not taken: each a code, for programs and catalogues, and a sentence that says what to do."""

from enum import StrEnum


class Refusal(StrEnum):
    """The closed list of reasons."""

    IN_FUTURE = "in_future"
    NOBODY_PRESENT = "nobody_present"
    NO_REASON = "no_reason"
    ENDS_BEFORE = "ends_before"
    OWN_REQUEST = "own_request"
    ILLEGAL_STEP = "illegal_step"
    ALREADY_CORRECTED = "already_corrected"
    OTHER_SITE = "other_site"


_SAYS = {
    Refusal.IN_FUTURE: "the time lies ahead; write down what has happened",
    Refusal.NOBODY_PRESENT: "nobody is named; write who was there",
    Refusal.NO_REASON: "others must understand it; write why",
    Refusal.ENDS_BEFORE: "the end lies before the beginning, or before now; write a later one",
    Refusal.OWN_REQUEST: "who asks for an isolation cannot approve it; somebody else must",
    Refusal.ILLEGAL_STEP: "that is not possible as the isolation stands now; load it again",
    Refusal.ALREADY_CORRECTED: "the entry has been corrected already; correct the newer one",
    Refusal.OTHER_SITE: "the entry belongs to another site",
}


class LogRefusedError(Exception):
    """An entry that cannot be taken as it is."""

    def __init__(self, refusal: Refusal) -> None:
        """Say what to do."""
        super().__init__(_SAYS[refusal])
        self.refusal = refusal


class UnknownEntryError(LookupError):
    """No entry has this id."""

    def __init__(self, identifier: str) -> None:
        """Name the id."""
        super().__init__(f"no entry {identifier!r} in the logs; look at the list")
