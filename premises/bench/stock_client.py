"""The reference: paho as it comes, MQTT 5, that receives and counts and does nothing else."""

import time
from itertools import count

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from premises.bench.servers import begin, publisher
from premises.bench.traffic import SITE, Traffic


def cpu_us_per_message(traffic: Traffic, port: int, *, warm_up: int) -> float:
    """Return the CPU time of this process for each message behind the first `warm_up`."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="bench-reference", protocol=MQTTv5)
    numbers = count(1)
    begun_s = ended_s = 0.0

    def on_message(_client: Client, _userdata: object, _message: MQTTMessage) -> None:
        nonlocal begun_s, ended_s
        number = next(numbers)
        if number == warm_up:
            begun_s = time.process_time()
        elif number == traffic.messages:
            ended_s = time.process_time()
            client.disconnect()

    with publisher(traffic, port) as process:
        client.on_subscribe = lambda *_: begin(process)
        client.on_message = on_message
        client.connect("127.0.0.1", port)
        client.subscribe(f"premises/v1/{SITE}/#", qos=1)
        client.loop_forever()
    return (ended_s - begun_s) / (traffic.messages - warm_up) * 1e6
