"""Buckets made ready: what is missing is made where the token may, and said where it may not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from storage.errors import StoreDeniedError, StoreRefusedError
from storage.readings.influxdb_queries import Bucket, identifier
from storage.readings.influxdb_server import InfluxServer

DAY_S = 86_400
_UNAUTHORISED = 401
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A bucket and for how many days it keeps what is in it; 0 is for ever."""

    bucket: Bucket
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Where raw readings, hours and days go."""

    raw: Kept = field(default_factory=lambda: Kept(bucket=Bucket("premises/raw")))
    hourly: Kept = field(default_factory=lambda: Kept(bucket=Bucket("premises/hourly")))
    daily: Kept = field(default_factory=lambda: Kept(bucket=Bucket("premises/daily")))

    @property
    def all(self) -> tuple[Kept, Kept, Kept]:
        """Return the three."""
        return self.raw, self.hourly, self.daily


class State(StrEnum):
    """How a bucket was found or left."""

    READY = "ready"
    MADE = "made"
    OTHER_RETENTION = "other_retention"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketState:
    """One bucket; `words` say what to do where it is not as the settings want it."""

    name: str
    state: State
    words: str = ""


def prepare(server: InfluxServer, org: str, buckets: Buckets) -> list[BucketState]:
    """Return how each bucket is, after what was missing was made; nothing that is there is changed.

    Raises StoreAwayError, and StoreDeniedError where the token is not taken at all.
    """
    maker = _maker(server, org)
    return [_prepared(maker, kept) for kept in buckets.all]


def found(server: InfluxServer, org: str, buckets: Buckets) -> list[BucketState]:
    """Return how each bucket is; nothing is changed. Raises as `prepare` does."""
    maker = _maker(server, org)
    return [_found(maker, kept) for kept in buckets.all]


def _maker(server: InfluxServer, org: str) -> "_Policies | _Buckets":
    return _Buckets(server, org) if _has_api(server) else _Policies(server)


def _has_api(server: InfluxServer) -> bool:
    """Say whether the server makes buckets itself (2.x); one of 1.x makes databases and retention policies."""
    return not server.version().lstrip("v").startswith("1.")


def _prepared(maker: "_Policies | _Buckets", kept: Kept) -> BucketState:
    state = _found(maker, kept)
    if state.state is not State.MISSING:
        return state
    try:
        maker.make(kept)
    except (StoreDeniedError, StoreRefusedError) as exc:
        return replace(state, words=f"is missing and could not be made: {exc}")
    return BucketState(name=state.name, state=State.MADE)


def _found(maker: "_Policies | _Buckets", kept: Kept) -> BucketState:
    name = kept.bucket.name
    try:
        found_s = maker.retention_s(kept.bucket)
    except StoreDeniedError as exc:
        if exc.status == _UNAUTHORISED:
            raise
        return BucketState(name=name, state=State.MISSING, words=f"not to be seen with this token: {exc}")
    if found_s is None:
        return BucketState(name=name, state=State.MISSING, words="is not there; run `premises store setup`")
    if found_s != kept.days * DAY_S:
        words = f"keeps {_length(found_s)} where the settings say {_length(kept.days * DAY_S)}; change one of them"
        return BucketState(name=name, state=State.OTHER_RETENTION, words=words)
    return BucketState(name=name, state=State.READY)


class _Buckets:
    """Buckets of 2.x, through its API."""

    def __init__(self, server: InfluxServer, org: str) -> None:
        self._server = server
        self._org = org

    def retention_s(self, bucket: Bucket) -> int | None:
        """Return for how long a bucket keeps, 0 for ever; None where there is none."""
        try:
            found = self._server.get("/api/v2/buckets", {"name": bucket.name, "org": self._org})["buckets"]
        except StoreDeniedError as exc:
            if exc.status == _NOT_FOUND:  # so it answers a name that nothing has
                return None
            raise
        if not found:
            return None
        rules: Sequence[Mapping[str, Any]] = found[0].get("retentionRules") or ()
        return next((int(rule["everySeconds"]) for rule in rules if rule.get("type") == "expire"), 0)

    def make(self, kept: Kept) -> None:
        """Make a bucket."""
        org = self._server.get("/api/v2/orgs", {"org": self._org})["orgs"][0]["id"]
        rules = [{"type": "expire", "everySeconds": kept.days * DAY_S}] if kept.days else []
        self._server.post("/api/v2/buckets", {"name": kept.bucket.name, "orgID": org, "retentionRules": rules})


class _Policies:
    """Databases and retention policies of 1.8, by InfluxQL."""

    def __init__(self, server: InfluxServer) -> None:
        self._server = server

    def retention_s(self, bucket: Bucket) -> int | None:
        """Return for how long a policy keeps, 0 for ever; None where there is none."""
        if bucket.database not in set(self._column("SHOW DATABASES", "name")):
            return None
        shown = f"SHOW RETENTION POLICIES ON {identifier(bucket.database)}"
        policies = dict(zip(self._column(shown, "name"), self._column(shown, "duration"), strict=True))
        duration = policies.get(bucket.policy)
        return None if duration is None else _seconds(duration)

    def make(self, kept: Kept) -> None:
        """Make a policy, and its database before it."""
        database, policy = identifier(kept.bucket.database), identifier(kept.bucket.policy)
        duration = f"{kept.days}d" if kept.days else "INF"
        self._tell(f"CREATE DATABASE {database}")
        self._tell(f"CREATE RETENTION POLICY {policy} ON {database} DURATION {duration} REPLICATION 1")

    def _tell(self, statement: str) -> None:
        for _ in self._server.ask([statement]):
            pass

    def _column(self, statement: str, name: str) -> Iterator[str]:
        for piece in self._server.ask([statement]):
            place = piece.columns.index(name)
            yield from (str(row[place]) for row in piece.rows)


def _seconds(duration: str) -> int:
    """Return the seconds of a duration as InfluxDB 1.x shows it: `168h0m0s`."""
    hours, _, rest = duration.rpartition("h")
    minutes, _, seconds = rest.rpartition("m")
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds.removesuffix("s"))


def _length(seconds: int) -> str:
    return f"{seconds / DAY_S:g} days" if seconds else "for ever"
