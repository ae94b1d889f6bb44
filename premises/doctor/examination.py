"""`premises doctor`: whether an installation is well, in plain words, one line for each thing looked at."""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

from premises.doctor import broker as doctor_broker
from premises.doctor import intake as doctor_intake
from premises.doctor import machine as doctor_machine
from premises.doctor import stores as doctor_stores
from premises.doctor.findings import Check, Finding, ill
from premises.home import Home
from sensors.errors import InputFault, NotNowError
from storage.errors import SchemaTooNewError

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "home": doctor_machine.home_folder,
        "disk": doctor_machine.disk,
        "settings": doctor_stores.settings,
        "secrets": doctor_machine.secrets,
        "registry": doctor_stores.registry,
        "broker": doctor_broker.broker,
        "subscription": doctor_broker.subscription,
        "ingest": doctor_intake.ingest,
        "gateways": doctor_intake.gateways,
        "gateway_clocks": doctor_intake.gateway_clocks,
        "quarantine": doctor_intake.quarantine,
        "spool": doctor_intake.spool,
        "server": doctor_stores.server,
        "store": doctor_stores.store,
        "records": doctor_stores.records,
        "clock": doctor_machine.clock,
        "fonts": doctor_machine.fonts,
    }
)
"""What is looked at, in the order in which a person would look."""


def examine(home: Home) -> list[Finding]:
    """Return what was found. It mends nothing."""
    return [_bounded(name, check, home) for name, check in CHECKS.items()]


def _bounded(name: str, check: Check, home: Home) -> Finding:
    try:
        return check(home)
    except SchemaTooNewError as exc:
        return ill(name, "too_new", said=exc)
    except (InputFault, NotNowError, OSError, sqlite3.Error) as exc:
        return ill(name, "fault", said=exc)
