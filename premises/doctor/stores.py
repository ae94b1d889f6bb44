"""What `premises doctor` looks at behind the way in: settings, registry, the server, the store, the records."""

import os
from contextlib import closing

from premises.doctor.findings import Finding, ill, well
from premises.home import Home
from premises.processes.remote import Server, ServerFault
from premises.settings import load_settings
from storage.registry_file import load_registry


def settings(home: Home) -> Finding:
    """Look whether the settings can be read."""
    load_settings(home)
    variables = sorted(name for name in os.environ if name.startswith("PREMISES_") and name != "PREMISES_HOME")
    if variables:
        return well("settings", "variables", names=", ".join(variables))
    return well("settings", path=home.settings) if home.settings.exists() else well("settings", "defaults")


def registry(home: Home) -> Finding:
    """Look whether the registry is in order."""
    found = load_registry(home.registry)
    counts = {"rooms": len(found.rooms), "circuits": len(found.circuits), "devices": len(found.devices)}
    return well("registry", path=home.registry, **counts)


def server(home: Home) -> Finding:
    """Look whether the console is served and readings get into the store."""
    found = Server.find(home)
    if found is None:
        return ill("server", "stopped")
    try:
        drain = found.get("/internal/status")["drain"]
    except ServerFault as fault:
        return ill("server", "silent", said=fault)
    if drain["failure"] is not None:
        return ill("server", "cannot_store", url=found.info.url, said=drain["failure"])
    return well("server", url=found.info.url, pid=found.info.pid)


def store(home: Home) -> Finding:
    """Look whether the store of readings opens."""
    if (wanted := load_settings(home).store).kind == "influxdb":
        from premises.doctor.influxdb import influxdb  # noqa: PLC0415 - its client is heavy, and seldom needed here

        return influxdb(wanted)
    found = Server.find(home)
    if found is not None:
        return well("store", "held", pid=found.info.pid)
    if not home.readings.exists():
        return well("store", "none")
    from storage.readings.duckdb import DuckDBReadingStore  # noqa: PLC0415 - heavy, and seldom needed here

    with closing(DuckDBReadingStore(home.readings)) as opened:
        return well("store", path=home.readings, readings=opened.count())


def records(home: Home) -> Finding:
    """Look whether the records open and the audit log is whole."""
    from premises.stores.records import open_records, records_url  # noqa: PLC0415 - heavy

    if records_url(home).get_backend_name() == "sqlite" and not home.records.exists():
        return well("records", "none")
    with closing(open_records(home)) as opened, opened.reading() as tx:
        broken = tx.verify_audit()
        accounts = len(tx.accounts())
    if broken is not None:
        return ill("records", "audit_broken", entry=broken.id)
    return well("records", accounts=accounts)
