"""Alarms and signed-off items as annotations of Grafana itself, for dashboards beside ours; each is there once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from alerts.model import Alert
from dashboards.push import Outcome, Pusher, Step, checked
from rectification.model import Item, ItemState
from sensors.catalogue import CATALOGUE
from sensors.readings import epoch_ms
from sensors.verdicts import Severity

MOST = 10_000
TAG = "premises"
ALARM, SIGNED_OFF = "alarm", "signed-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One annotation: `key` is a tag that no other has."""

    key: str
    kind: str
    time_ms: int
    text: str

    def body(self) -> dict[str, object]:
        """Return it as Grafana's API takes it."""
        return {"time": self.time_ms, "tags": [TAG, self.kind, self.key], "text": self.text}


def notes_of(alerts: Iterable[Alert], items: Iterable[Item], *, since: datetime, language: str) -> list[Note]:
    """Return the red alerts, tests left out, and the signed-off items from `since` on, in the order of time."""
    alarms = (_of_alert(alert, language) for alert in alerts if alert.onset >= since and _is_alarm(alert))
    signed = (note for item in items if (note := _of_item(item, since, language)) is not None)
    return sorted((*alarms, *signed), key=lambda note: (note.time_ms, note.key))


def push_notes(pusher: Pusher, notes: Iterable[Note], *, since: datetime) -> Iterator[Step]:
    """Yield what became of each note that was new or differs, and in one step of the rest."""
    there = _there(pusher, since)
    unchanged = 0
    for note in notes:
        found = there.get(note.key)
        if found is None:
            yield _written(pusher, note, Outcome.CREATED, "POST", "/annotations")
        elif (found.get("text"), found.get("time")) != (note.text, note.time_ms):
            yield _written(pusher, note, Outcome.CHANGED, "PUT", f"/annotations/{found['id']}")
        else:
            unchanged += 1
    if unchanged:
        yield Step(kind="annotations", name=str(unchanged), outcome=Outcome.UNCHANGED)


def _is_alarm(alert: Alert) -> bool:
    return alert.severity is Severity.RED and not alert.test


def _of_alert(alert: Alert, language: str) -> Note:
    text = " ".join(filter(None, (_rule(alert.rule, language), str(alert.subject), alert.zone)))
    return Note(key=f"alert:{alert.id}", kind=ALARM, time_ms=epoch_ms(alert.onset), text=text)


def _of_item(item: Item, since: datetime, language: str) -> Note | None:
    if item.state is not ItemState.SIGNED_OFF or item.signed_off is None or item.signed_off < since:
        return None
    text = f"#{item.number} {_rule(item.rule, language)} {item.subject}"
    return Note(key=f"item:{item.id}", kind=SIGNED_OFF, time_ms=epoch_ms(item.signed_off), text=text)


def _rule(rule: str, language: str) -> str:
    spec = CATALOGUE.get(rule)
    return rule if spec is None else f"{rule} {spec.name.in_language(language)}"


def _there(pusher: Pusher, since: datetime) -> Mapping[str, Mapping[str, Any]]:
    """Return our annotations that the Grafana has, by their own tag."""
    asked = urlencode({"tags": TAG, "from": epoch_ms(since), "to": 2**42, "limit": MOST})
    answer = pusher.grafana.call("GET", f"/annotations?{asked}")
    if not isinstance(answer.body, list):
        checked(pusher.grafana, "GET", "/annotations", answer)
        return {}
    return {tag: each for each in answer.body for tag in each.get("tags", ()) if tag.startswith(("alert:", "item:"))}


def _written(pusher: Pusher, note: Note, outcome: Outcome, method: str, path: str) -> Step:
    if not pusher.dry_run:
        checked(pusher.grafana, method, path, pusher.grafana.call(method, path, note.body()), note.text)
    return Step(kind="annotation", name=note.text, outcome=outcome)
