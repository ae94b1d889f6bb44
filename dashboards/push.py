"""The folder, the data source and the dashboards brought into a Grafana: only what differs is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from dashboards.grafana import Answer, Grafana, GrafanaFault

FOLDER_UID, FOLDER_TITLE = "premises", "Premises"
SOURCE_UID, SOURCE_NAME = "premises", "Premises"
OLDEST = 9
"""The major version from which data sources and folders are named by uid throughout."""

_SET_BY_GRAFANA = frozenset({"id", "version"})
_OK, _DENIED, _NOT_FOUND = 200, 403, 404
_ADVICE: Mapping[int, str] = {
    401: "the token is not taken; make one for a service account of Grafana and put it into the token file",
    403: "the token may not do this; dashboards and annotations need the role Editor, a data source the role Admin",
    404: "there is no such thing; look at the address and its path",
    412: "somebody changed it meanwhile; push again",
}


class Outcome(StrEnum):
    """What became of one thing, or would."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    """Grafana reads it from files of its own, which alone may change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing and what became of it; `detail` names what differed."""

    kind: str
    name: str
    outcome: Outcome
    detail: str = ""

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.outcome}: {self.kind} {self.name}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The InfluxDB as Grafana reaches it, which need not be as Premises does. The token is never compared or shown."""

    url: str
    database: str = "premises"
    token: str | None = None

    def body(self) -> dict[str, object]:
        """Return the data source as Grafana's API takes it."""
        made: dict[str, object] = {
            "uid": SOURCE_UID,
            "name": SOURCE_NAME,
            "type": "influxdb",
            "access": "proxy",
            "url": self.url,
            "jsonData": {"dbName": self.database, "httpMode": "POST"},
        }
        if self.token is not None:
            made["jsonData"] = {"dbName": self.database, "httpMode": "POST", "httpHeaderName1": "Authorization"}
            made["secureJsonData"] = {"httpHeaderValue1": f"Token {self.token}"}
        return made


@dataclass(frozen=True, slots=True)
class Pusher:
    """Brings things into one Grafana; with `dry_run` it only says what it would do."""

    grafana: Grafana
    dry_run: bool = False

    def check(self) -> str:
        """Return the version of the Grafana. Raises GrafanaFault where it is none or too old."""
        answer = self.grafana.call("GET", "/health")
        told = answer.body if isinstance(answer.body, dict) else {}
        if answer.status != _OK or "version" not in told:
            msg = f"{self.grafana.where}: what answers there is no Grafana; look at the address and its path"
            raise GrafanaFault(msg)
        version = str(told["version"])
        if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < OLDEST:
            msg = f"{self.grafana.where}: is Grafana {version}; {OLDEST}.0 or newer is needed"
            raise GrafanaFault(msg)
        return version

    def folder(self) -> Step:
        """Return what became of the folder."""
        body: dict[str, object] = {"uid": FOLDER_UID, "title": FOLDER_TITLE}
        found = self._found(f"/folders/{FOLDER_UID}")
        if found is None:
            return self._written("folder", FOLDER_TITLE, Outcome.CREATED, "POST", "/folders", body)
        if found.get("title") == FOLDER_TITLE:
            return Step(kind="folder", name=FOLDER_TITLE, outcome=Outcome.UNCHANGED)
        renamed = {**body, "overwrite": True}
        return self._written("folder", FOLDER_TITLE, Outcome.CHANGED, "PUT", f"/folders/{FOLDER_UID}", renamed, "title")

    def source(self, source: Source | None) -> Step:
        """Return what became of the data source; None leaves one that is there as it is."""
        path = f"/datasources/uid/{SOURCE_UID}"
        if source is None:
            return self._source_as_it_is(path)
        found = self._found(path)
        if found is None:
            return self._written("data source", SOURCE_NAME, Outcome.CREATED, "POST", "/datasources", source.body())
        if found.get("readOnly"):
            return Step(kind="data source", name=SOURCE_NAME, outcome=Outcome.KEPT, detail="provisioned by files")
        differing = sorted(_differing(found, source))
        if not differing:
            return Step(kind="data source", name=SOURCE_NAME, outcome=Outcome.UNCHANGED)
        # The rest of what a person set in Grafana stays.
        settings = {**found.get("jsonData", {}), **_mapping(source.body()["jsonData"])}
        body = {**found, **source.body(), "jsonData": settings}
        return self._written("data source", SOURCE_NAME, Outcome.CHANGED, "PUT", path, body, ", ".join(differing))

    def _source_as_it_is(self, path: str) -> Step:
        if self.grafana.call("GET", path).status == _DENIED:
            # An editor may write dashboards and not look at data sources.
            return Step(kind="data source", name=SOURCE_NAME, outcome=Outcome.KEPT, detail="this token may not see it")
        if self._found(path) is None:
            msg = (
                f"{self.grafana.where}: has no data source with the uid {SOURCE_UID}; "
                "name the InfluxDB as Grafana reaches it with --influxdb-url"
            )
            raise GrafanaFault(msg)
        return Step(kind="data source", name=SOURCE_NAME, outcome=Outcome.UNCHANGED)

    def dashboard(self, board: Mapping[str, Any]) -> Step:
        """Return what became of a dashboard."""
        title = str(board["title"])
        found = self._found(f"/dashboards/uid/{quote(str(board['uid']), safe='')}")
        body = {
            "dashboard": {**board, "id": None},
            "folderUid": FOLDER_UID,
            "overwrite": True,
            "message": "premises dashboards push",
        }
        if found is None:
            return self._written("dashboard", title, Outcome.CREATED, "POST", "/dashboards/db", body)
        if found.get("meta", {}).get("provisioned"):
            return Step(kind="dashboard", name=title, outcome=Outcome.KEPT, detail="provisioned by files")
        differing = sorted(_parts_differing(found.get("dashboard", {}), board))
        if found.get("meta", {}).get("folderUid") != FOLDER_UID:
            differing.append("folder")
        if not differing:
            return Step(kind="dashboard", name=title, outcome=Outcome.UNCHANGED)
        return self._written("dashboard", title, Outcome.CHANGED, "POST", "/dashboards/db", body, ", ".join(differing))

    def _found(self, path: str) -> Mapping[str, Any] | None:
        answer = self.grafana.call("GET", path)
        return None if answer.status == _NOT_FOUND else self._good("GET", path, answer)

    def _written(
        self, kind: str, name: str, outcome: Outcome, method: str, path: str, body: object, detail: str = ""
    ) -> Step:
        if not self.dry_run:
            self._good(method, path, self.grafana.call(method, path, body), name)
        return Step(kind=kind, name=name, outcome=outcome, detail=detail)

    def _good(self, method: str, path: str, answer: Answer, name: str = "") -> Mapping[str, Any]:
        return checked(self.grafana, method, path, answer, name)


def checked(grafana: Grafana, method: str, path: str, answer: Answer, name: str = "") -> Mapping[str, Any]:
    """Return the body of a good answer; the one place that says what another one means. Raises GrafanaFault."""
    if answer.status < 300 and isinstance(answer.body, dict):  # noqa: PLR2004 - HTTP's own
        return answer.body
    said = answer.body.get("message", "") if isinstance(answer.body, dict) else ""
    advice = _ADVICE.get(answer.status, "look into Grafana's log")
    words = f" {said}" if said else ""
    what = f" for {name}" if name else ""
    msg = f"{grafana.where}: {method} /api{path}{what} answered {answer.status}{words}; {advice}"
    raise GrafanaFault(msg)


def push(pusher: Pusher, boards: Sequence[Mapping[str, Any]], source: Source | None) -> Iterator[Step]:
    """Yield what became of the folder, the data source and each dashboard. Raises GrafanaFault at the first fault."""
    pusher.check()
    yield pusher.folder()
    yield pusher.source(source)
    for board in boards:
        yield pusher.dashboard(board)


def _differing(found: Mapping[str, Any], source: Source) -> Iterator[str]:
    wanted = source.body()
    yield from (name for name in ("name", "type", "access", "url") if found.get(name) != wanted[name])
    settings = found.get("jsonData") or {}
    yield from (name for name, value in _mapping(wanted["jsonData"]).items() if settings.get(name) != value)
    if source.token is not None and not (found.get("secureJsonFields") or {}).get("httpHeaderValue1"):
        yield "token"


def _parts_differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> set[str]:
    names = (set(found) | set(wanted)) - _SET_BY_GRAFANA
    return {name for name in names if found.get(name) != wanted.get(name)}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
