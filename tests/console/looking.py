"""A browser that looks at the console: Debian's Chromium, on loopback only, with everything that went wrong kept."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from api.app import live_feed
from tests.console.demo_services import PASSWORD, Demo
from tests.servers import eventually

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
STOP_S = 20.0


@cache
def needs_chromium() -> str:
    """Return where Chromium is, or skip."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    return CHROMIUM


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser."""
    path = needs_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def free_socket() -> socket.socket:
    """Return a listening socket on a free port of loopback."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


class Server(uvicorn.Server):
    """Ends the live streams before it waits for its connections."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5))
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        live_feed(self._app).stop()
        await super().shutdown(sockets)


@contextmanager
def served(demo: Demo, listening: socket.socket) -> Iterator[None]:
    """Serve a demo on a socket."""
    server = Server(demo.app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        eventually(lambda: server.started, what="the console is served")
        yield
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        listening.close()
    assert not thread.is_alive(), "the server did not stop"


@dataclass
class Look:
    """One person's browser: its page, and what went wrong in it."""

    demo: Demo
    context: BrowserContext
    page: Page
    wrong: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page of the console and wait until it is live."""
        self.page.goto(self.demo.origin + path)
        self.page.wait_for_selector("#live[data-state=on]")
        if self.page.locator("[data-chart]").count():
            self.page.wait_for_selector("[data-chart][data-state=drawn], [data-chart][data-state=empty]")

    def sign_in(self, user_name: str, *, lands_on: str = "#live[data-state=on]") -> None:
        """Sign in by the form and wait for what the next page holds."""
        self.page.goto(f"{self.demo.origin}/sign-in")
        self.page.fill("#user_name", user_name)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_selector(lands_on)

    def overflow_px(self) -> int:
        """Return by how much the page is wider than the window."""
        overflow: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return overflow


@contextmanager
def looked_at(browser: Browser, demo: Demo, *, language: str = "zh", size: str = "wide") -> Iterator[Look]:
    """Yield a fresh browser window in which nothing may go wrong and nothing leaves this machine."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale={"zh": "zh-CN", "en": "en-GB"}[language]
    )
    look = Look(demo, context, context.new_page())
    context.route("**/*", lambda route: _loopback_only(route, look))
    look.page.on("pageerror", lambda error: look.wrong.append(f"page error: {error}"))
    look.page.on("console", lambda told: look.wrong.append(told.text) if told.type in {"error", "warning"} else None)
    yield look
    context.close()
    assert look.wrong == []


def _loopback_only(route: Route, look: Look) -> None:
    if route.request.url.startswith((look.demo.origin, "data:")):
        route.continue_()
        return
    look.wrong.append(f"asked for {route.request.url}")
    route.abort()
