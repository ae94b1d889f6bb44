"""Which of a gateway's parents are there (Sparkplug's nodes, Homie's roots), and what is lost with one of them."""

from ingest.dialects.decoded import MOST_KEPT, Decoded, DeviceStatus

ONLINE, OFFLINE = "online", "offline"


class Presence:
    """What each parent and each of its children said last of itself."""

    def __init__(self) -> None:
        """Know of nobody yet."""
        self._parents: dict[str, str] = {}
        self._children: dict[str, dict[str, str]] = {}
        self._told: str | None = None

    def parent(self, out: Decoded, name: str, state: str) -> None:
        """Note that a parent came or went. Its children go with it; they come back as they said last.

        The gateway itself is lost once none of its parents is there.
        """
        if len(self._parents) >= MOST_KEPT and name not in self._parents:
            self._parents.clear()
            self._children.clear()
        self._parents[name] = state
        out.statuses.append(DeviceStatus(name, state))
        for child, own in self._children.get(name, {}).items():
            out.statuses.append(DeviceStatus(child, OFFLINE if state == OFFLINE else own))
        whole = ONLINE if ONLINE in self._parents.values() else OFFLINE
        if whole != self._told:
            self._told = whole
            out.statuses.append(DeviceStatus(None, whole))

    def child(self, out: Decoded, parent: str, name: str, state: str) -> None:
        """Note that a child came or went; behind a lost parent it is lost whatever it said."""
        children = self._children.setdefault(parent, {})
        if len(children) < MOST_KEPT or name in children:
            children[name] = state
        out.statuses.append(DeviceStatus(name, OFFLINE if self._parents.get(parent) == OFFLINE else state))

    def leave(self, name: str) -> None:
        """Forget a parent or a child that was taken away."""
        self._parents.pop(name, None)
        for children in self._children.values():
            children.pop(name, None)
