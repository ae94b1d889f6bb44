"""The web server: uvicorn, told to end live streams before it waits for its connections."""

import socket

import uvicorn
from fastapi import FastAPI

from api.app import live_feed

GRACE_S = 5
"""How long open requests may take when the server stops."""


class Server(uvicorn.Server):
    """A server for the application. `should_exit = True` from any thread stops it."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        """Serve an application; logging is set up by whoever starts the process."""
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=65,
            h11_max_incomplete_event_size=64 * 1024,
        )
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then everything else."""
        live_feed(self._app).stop()
        await super().shutdown(sockets)
