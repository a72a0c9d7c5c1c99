"""What the tests share: runs written by the program of the wheel, a server of it, clients by either carrier."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from agoragym import Client
from agoragym._node import command


class Server:
    """An ``agoragym serve`` of the wheel on a port that the system chose."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            command("serve", "--port", "0", *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        said = ""
        self.url = ""
        for line in self.process.stdout:
            said += line
            found = re.search(r"http://[\w.:\[\]]+", line)
            if found is not None:
                self.url = found.group()
                break
        assert self.url, f"the server said no address: {said}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, which end with the test."""
    started: list[Server] = []

    def start(*words: str) -> Server:
        started.append(Server(*words))
        return started[-1]

    yield start
    for server in started:
        server.kill()


#: The carriers that can be tried: sockets where the extra `remote` is installed.
CARRIERS = ["child", "socket"] if find_spec("websockets") is not None else ["child"]


@pytest.fixture(params=CARRIERS)
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[[], Client]]:
    """Makes clients: each of its own child, or all of one server."""
    clients: list[Client] = []
    server = Server() if request.param == "socket" else None

    def make() -> Client:
        clients.append(Client() if server is None else Client(server.url))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
    if server is not None:
        server.kill()


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs of two scripted players."""
    folder = tmp_path_factory.mktemp("runs")
    words = command("eval", "swarm_economy", "--preset", "short", "--players", "bot:honest,random", "--seeds", "2", "--out", ".")
    subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True, timeout=120)
    return folder
