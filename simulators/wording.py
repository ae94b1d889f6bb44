"""Words that a user may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(written: str, known: Iterable[str]) -> str:
    """Return a question for the known word that is most like a written one, or what there is to choose from."""
    words = list(known)
    near = get_close_matches(written.lower(), words, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(words)}"
