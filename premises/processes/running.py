"""`premises run` put together: which processes there are, in which order they stop, and what a person is told."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO, cast

from premises.home import Home
from premises.logs import Tee, configure_log
from premises.processes import server_info
from premises.processes.broker import ChosenBroker, choose
from premises.processes.locks import sole
from premises.processes.supervisor import ChildSpec, Supervisor
from premises.settings import Settings, load_settings
from storage.registry_file import load_registry

STOP_ORDER = ("ingest", "serve", "broker")
"""Reading stops first, so that all that was acknowledged is drained; the broker keeps what nobody took."""

SERVE_STOP_S = 25.0
"""Ten seconds for the drain, five for open requests, and the store's checkpoint."""

Say = Callable[[str], None]


def run(home: Home, *, said: Say, serve_options: Sequence[str] = ()) -> str | None:
    """Run an installation until SIGTERM or SIGINT; return why it could not go on, None when all is well.

    Raises InputFault where it runs already, or its settings or registry cannot be used.
    """
    settings = load_settings(home)
    with sole(home.run / "run.lock", "runs"), (home.logs / "run.log").open("a", encoding="utf-8") as log:
        configure_log(settings.log, cast("TextIO", Tee(sys.stderr, log)))
        load_registry(home.registry)
        broker = choose(home, settings)
        supervisor = Supervisor(home, children(home, broker, serve_options), stop_order=STOP_ORDER)
        return supervisor.run(each_tick=Greeting(home, settings, broker, said).tell_once)


def children(home: Home, broker: ChosenBroker, serve_options: Sequence[str] = ()) -> list[ChildSpec]:
    """Return the processes, in the order in which they start."""
    ours = (sys.executable, "-P", "-m", "premises")
    at = ("--home", str(home.root))
    kept = [ChildSpec(name="broker", command=broker.command)] if broker.command else []
    return [
        *kept,
        ChildSpec(name="ingest", command=(*ours, "ingest", *at)),
        ChildSpec(name="serve", command=(*ours, "serve", *at, *serve_options), stop_s=SERVE_STOP_S),
    ]


@dataclass(slots=True)
class Greeting:
    """Tells a person once where the console is and what they should know."""

    home: Home
    settings: Settings
    broker: ChosenBroker
    said: Say
    _told: bool = field(default=False)

    def tell_once(self) -> None:
        """Tell it as soon as the server answers."""
        info = None if self._told else server_info.read(self.home)
        if info is None:
            return
        self._told = True
        for line in self._lines(info):
            self.said(line)

    def _lines(self, info: server_info.ServerInfo) -> list[str]:
        broker = f"broker: {self.broker.kind} at {self.broker.host}:{self.broker.port}"
        lines = [f"console: {info.url}", broker + (f" ({self.broker.advice})" if self.broker.advice else "")]
        if info.set_up_url is not None:
            lines.append(f"make the first account here, within 24 hours: {info.set_up_url}")
        return lines
