"""One browser and one demo for the tests that only look; those that act make a demo of their own."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.console.demo_services import Demo
from tests.console.looking import chromium, free_socket, served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def _origin(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="session")
def shown_demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:  # noqa: ARG001 - the browser first: without one nothing needs serving
    listening = free_socket()
    demo = Demo(tmp_path_factory.mktemp("shown"), _origin(listening))
    with served(demo, listening):
        yield demo


@pytest.fixture
def make_demo(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Demo]]:  # noqa: ARG001 - as above
    with ExitStack() as stack:

        def make(*, is_empty: bool = False, has_people: bool = True) -> Demo:
            listening = free_socket()
            demo = Demo(tmp_path, _origin(listening), is_empty=is_empty, has_people=has_people)
            stack.enter_context(served(demo, listening))
            return demo

        yield make
