"""A ledger put in the registry's place: looked over whole, told what it changes, then written at once or not at all."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from premises.home import Home
from premises.processes.locks import sole
from sensors.errors import InputFault
from sensors.registry_changes import Change, changes
from sensors.topology import Registry
from storage.ledger.raw import CellFault
from storage.ledger.reading import read_ledger
from storage.registry_file import load_registry, replace_whole
from storage.registry_rewrite import Rewritten, rewritten


class CommentsLostError(InputFault):
    """A registry file whose comments would go with the entries that they stand in."""

    def __init__(self, path: Path, lost: tuple[str, ...]) -> None:
        """Say which, and what to do."""
        told = "; ".join(lost[:3]) + (" …" if len(lost) > 3 else "")  # noqa: PLR2004 - enough to find them by
        super().__init__(
            f"{path}: {len(lost)} comments stand in entries that change and would be lost ({told}); "
            "move them, or import with --replace (the old file stays beside the new one)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a ledger would do: the registry that it makes (None where there are faults), changes, the file's text."""

    registry: Registry | None
    faults: tuple[CellFault, ...]
    notes: tuple[str, ...]
    changes: tuple[Change, ...] = ()
    file: Rewritten | None = None


def look_over(ledger: Path, home: Home, *, keep_unlisted: bool = False) -> Looked:
    """Return what a ledger would do to the home's registry; nothing is written. Raises InputFault."""
    base = load_registry(home.registry) if home.registry.exists() else None
    read = read_ledger(ledger, base, keep_unlisted=keep_unlisted)
    if read.registry is None:
        return Looked(registry=None, faults=read.faults, notes=read.notes)
    content = home.registry.read_bytes() if base is not None else None
    return Looked(
        registry=read.registry,
        faults=(),
        notes=read.notes,
        changes=changes(base, read.registry),
        file=rewritten(content, read.registry),
    )


def put_in_place(looked: Looked, home: Home, *, now: datetime, replace: bool) -> Path | None:
    """Write the registry and return where the old one is kept, None where there was none or nothing changes.

    Raises CommentsLostError unless `replace`.
    """
    if not looked.changes or looked.file is None:
        return None
    if looked.file.lost and not replace:
        raise CommentsLostError(home.registry, looked.file.lost)
    with sole(home.run / "registry.lock", "changes the registry of"):
        backup = _backed_up(home.registry, now)
        replace_whole(home.registry, looked.file.text.encode())
    return backup


def _backed_up(path: Path, now: datetime) -> Path | None:
    if not path.exists():
        return None
    backup = path.with_name(f"{path.stem}.{now:%Y%m%dT%H%M%S}{path.suffix}.bak")
    backup.write_bytes(path.read_bytes())
    backup.chmod(path.stat().st_mode & 0o777)
    return backup
