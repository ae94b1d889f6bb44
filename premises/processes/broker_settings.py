"""The broker of the settings, for commands that publish."""

from premises.home import Home
from premises.settings import load_settings, read_secret
from premises.simulated.publishing import Broker


def broker_of(home: Home, host: str | None, port: int | None) -> Broker:
    """Return the home's broker, with another host or port where one is given."""
    mqtt = load_settings(home).mqtt
    return Broker(
        host=host or mqtt.host,
        port=port or mqtt.port,
        username=mqtt.username,
        password=None if mqtt.password_file is None else read_secret(mqtt.password_file),
        tls=mqtt.tls,
        ca_file=mqtt.ca_file,
        certificate_file=mqtt.certificate_file,
        key_file=mqtt.key_file,
    )
