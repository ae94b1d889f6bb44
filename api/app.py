"""The application: routes, pages, live events, and what stands before them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files
from typing import cast

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from api.live import LiveFeed
from api.pages import problem_page
from api.pages import router as pages
from api.ports import Services
from api.problems import install_problems
from api.routes import router as routes
from api.security.middleware import AnswerHeaders, Door, Patience


class Application(FastAPI):
    """FastAPI with the defences outside everything else, so that errors pass them too."""

    services: Services

    def build_middleware_stack(self) -> ASGIApp:
        """Return the whole of it as one ASGI application."""
        web = self.services.web
        return AnswerHeaders(Door(Patience(super().build_middleware_stack(), web), web), web)


def create_app(services: Services) -> FastAPI:
    """Return the application over these services. `app.state.live` is its LiveFeed, to be stopped before the server."""
    live = LiveFeed(services.records, poll_s=services.web.live_poll_s, heartbeat_s=services.web.live_heartbeat_s)
    # The framework's own pages of documentation load scripts from elsewhere; `/api/v1/openapi.json` has it as data.
    app = Application(
        title="Premises", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(live)
    )
    app.services = services
    app.state.services = services
    app.state.live = live
    install_problems(app, problem_page)
    app.include_router(routes)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=str(files("api") / "static"), check_dir=False), name="static")
    return app


def live_feed(app: FastAPI) -> LiveFeed:
    """Return the feed of an application."""
    return cast("LiveFeed", app.state.live)


def _lifespan(live: LiveFeed) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(live.run())
        try:
            yield
        finally:
            live.stop()
            await task

    return lifespan
