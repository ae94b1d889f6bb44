"""The bench of decoders: every format is measured on a message that becomes something."""

import json

from premises.bench.decode import measure
from premises.bench.decode_messages import MESSAGES
from premises.decoding import formats


def test_every_format_is_measured() -> None:
    assert sorted(formats().keys() - MESSAGES.keys()) == []


def test_every_figure_is_there_and_every_message_becomes_something() -> None:
    figures = measure(loops=2).as_json()
    assert json.loads(json.dumps(figures)) == figures
    assert all(each["us"] > 0 and each["json_loads_us"] > 0 and each["records"] > 0 for each in figures.values())
