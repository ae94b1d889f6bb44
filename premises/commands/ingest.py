"""`premises ingest`: from the broker into the spool, until it is told to stop."""

import signal
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from premises.home import Home, home_option
from premises.processes.garbage import seldom_collected
from premises.processes.locks import sole
from premises.processes.threads import soon_switched
from sensors.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ingest.messages import Message
    from ingest.mqtt import MqttOptions, Subscriber
    from ingest.pipeline import Pipeline
    from premises.settings import MqttSettings, Settings, SpoolSettings
    from sensors.intake import Gap
    from sensors.topology import Registry
    from storage.spool import SqliteSpool


class RegistryFile:
    """The registry and when its file was last looked at; a broken new file changes nothing."""

    def __init__(self, path: Path) -> None:
        """Read the file; InputFault where it cannot be used."""
        from storage.registry_file import load_registry  # noqa: PLC0415 - keeps `--help` quick

        self._load = load_registry
        self._path = path
        self._stamp = self._stamped()
        self.registry = load_registry(path)

    def changed(self) -> "Registry | None":
        """Return the registry if its file changed and is in order, else None. InputFault tells what is not."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        self.registry = self._load(self._path)
        return self.registry

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino


@click.command("ingest")
@home_option
def command(home: Path | None) -> None:
    """Take in readings and events over MQTT until SIGTERM; prints `ready` once subscribed.

    A message is acknowledged only after it is in the spool, so what the broker was told is kept survives a crash.
    """
    place = Home.find(home)
    with sole(place.run / "ingest.lock", "is taking in readings for"):
        _run(place)


def _pipeline(home: Home, settings: "Settings", registry: "Registry", spool: "SqliteSpool") -> "Pipeline":
    from ingest.pipeline import Pipeline  # noqa: PLC0415 - keeps `premises --help` quick
    from premises.intake.credential_key import credential_key  # noqa: PLC0415 - likewise

    return Pipeline(
        registry=registry,
        spool=spool,
        max_payload_bytes=settings.mqtt.max_payload_bytes,
        dialects=settings.dialects.dialects(),
        credentials=credential_key(home.secrets),
    )


def _run(home: Home) -> None:
    # The rest of the program is imported here so that `premises --help` stays quick.
    from ingest.mqtt import Handlers, Subscriber  # noqa: PLC0415
    from ingest.ports import NoRoomError  # noqa: PLC0415
    from ingest.watchdog import Watchdog  # noqa: PLC0415
    from premises.intake.beside import Beside  # noqa: PLC0415
    from premises.intake.ingest_report import IngestReporter  # noqa: PLC0415
    from premises.logs import configure_log  # noqa: PLC0415
    from premises.notices.assembly import alerting_of  # noqa: PLC0415
    from premises.settings import load_settings  # noqa: PLC0415
    from storage.spool import SpoolFullError  # noqa: PLC0415

    settings = load_settings(home)
    configure_log(settings.log)
    registry = RegistryFile(home.registry)
    watchdog = Watchdog(settings.mqtt.watchdog_s)
    reporter = IngestReporter(home, now_ms=lambda: time.time_ns() // 1_000_000)
    with closing(_awaited_spool(home, settings.spool)) as spool, seldom_collected(), soon_switched():
        pipeline = _pipeline(home, settings, registry.registry, spool)

        alerting = alerting_of(home, settings, registry=lambda: registry.registry)
        beside = Beside.of(home, settings, registry=lambda: registry.registry, open_spool=_spool, wake=alerting.wake)

        def take(group: "Sequence[Message]") -> None:
            entries = pipeline.process(group)
            began_s = time.perf_counter()
            try:
                with _forgotten_unless_kept(pipeline), beside.committing(entries) as watched:
                    spool.commit(entries, watched=watched)
            except SpoolFullError as exc:
                raise NoRoomError(str(exc)) from exc
            reporter.committed(len(group), time.perf_counter() - began_s)
            if watched.signals or any(entry.signals for entry in entries):
                alerting.wake()

        def ready() -> None:
            reporter.subscribed()
            click.echo("ready")

        def tick() -> None:
            watchdog.tick()
            reporter.tick()
            _follow(registry, pipeline)

        handlers = Handlers(
            take=take,
            session_lost=spool.forget_deliveries,
            ready=ready,
            lost=reporter.lost,
            tick=tick,
            commands=pipeline.commands,
        )
        subscriber = Subscriber(mqtt_options(settings.mqtt, settings.dialects.topics), handlers)
        _stop_on_signal(subscriber)
        alerting.start()
        watchdog.start()
        beside.start()
        try:
            subscriber.run()
        finally:
            beside.stop()
            watchdog.stop()
            alerting.stop()


def _stop_on_signal(subscriber: "Subscriber") -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: subscriber.stop())


@contextmanager
def _forgotten_unless_kept(pipeline: "Pipeline") -> "Iterator[None]":
    """Let decoders forget what devices said where it was not kept: it comes again, and then it is news."""
    try:
        yield
    except Exception:
        pipeline.forget()
        raise


def _awaited_spool(home: Home, bounds: "SpoolSettings") -> "SqliteSpool":
    """Return the spool; on a full disk wait for room, for to end and be started again would not make any."""
    import structlog  # noqa: PLC0415 - keeps `--help` quick

    from ingest.mqtt import Backoff  # noqa: PLC0415
    from storage.spool import SpoolFullError  # noqa: PLC0415

    failures = 0
    while True:
        try:
            return _spool(home, bounds)
        except SpoolFullError as exc:
            failures += 1
            wait_s = Backoff().wait_s(failures)
            structlog.get_logger(__name__).error("spool_full", reason=str(exc), again_in_s=round(wait_s, 1))
            time.sleep(wait_s)


def _spool(home: Home, bounds: "SpoolSettings") -> "SqliteSpool":
    import structlog  # noqa: PLC0415 - keeps `--help` quick

    from storage.spool import SqliteSpool  # noqa: PLC0415

    log = structlog.get_logger(__name__)
    spool = SqliteSpool(
        home.spool,
        max_bytes=bounds.max_bytes,
        min_free_bytes=bounds.min_free_bytes,
        on_gap=_gap_teller(),
        on_dropped=lambda readings: log.warning("readings_dropped", readings=readings, reason="the spool has no room"),
    )
    spool.leave_log_to_drain()
    return spool


def _gap_teller() -> "Callable[[Gap], None]":
    """Return what writes a line for a gap, one a minute for each gateway."""
    import structlog  # noqa: PLC0415 - keeps `--help` quick

    from ingest.repeats import Repeats  # noqa: PLC0415

    log, repeats = structlog.get_logger(__name__), Repeats()

    def tell(gap: "Gap") -> None:
        held = repeats.due(gap.gateway, int(time.monotonic() * 1000))
        if held is not None:
            log.warning(
                "numbers_missing", gateway=gap.gateway, boot=gap.boot, missing=gap.missing, seen=gap.newest, held=held
            )

    return tell


def _follow(registry: RegistryFile, pipeline: "Pipeline") -> None:
    """Judge by the registry's new file; a broken one is said once and the old registry stays."""
    import structlog  # noqa: PLC0415 - keeps `--help` quick

    log = structlog.get_logger(__name__)
    try:
        changed = registry.changed()
    except InputFault as fault:
        log.error("registry_broken", detail=str(fault), kept="the registry as it was before")  # noqa: TRY400 - its text says all
        return
    if changed is not None:
        pipeline.use(changed)
        log.info("registry_changed", devices=len(changed.devices))


def mqtt_options(settings: "MqttSettings", dialects: "Sequence[str]") -> "MqttOptions":
    """Return how to reach the broker, with the topics of the contract and these."""
    from ingest.mqtt import MqttOptions, TlsFiles  # noqa: PLC0415 - keeps `--help` quick
    from ingest.mqtt_options import without_covered  # noqa: PLC0415 - likewise
    from premises.settings import read_secret  # noqa: PLC0415

    files = TlsFiles(ca=settings.ca_file, certificate=settings.certificate_file, key=settings.key_file)
    return MqttOptions(
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=None if settings.password_file is None else read_secret(settings.password_file),
        client_id=settings.client_id,
        tls=files if settings.tls else None,
        keepalive_s=settings.keepalive_s,
        session_expiry_s=settings.session_expiry_s,
        receive_maximum=settings.receive_maximum,
        topic_filters=without_covered((*settings.topics, *dialects)),
    )
