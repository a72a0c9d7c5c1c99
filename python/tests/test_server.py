"""A server of the wheel and its clients over WebSockets: what goes wrong has a name, and the next session plays."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from play import SHORT, play

from agoragym import AgoragymError, Client, Session


def test_a_killed_server_is_told_and_the_next_one_plays(serve: Callable[..., Any]) -> None:
    server = serve()
    client = Client(server.url)
    expected = play(client)
    session = Session(**SHORT, client=client)
    server.kill()
    with pytest.raises(AgoragymError) as lost:
        session.reset(1)
    assert lost.value.code == "connection_lost"
    with pytest.raises(AgoragymError, match="connection_refused"):
        Client(server.url)
    assert play(Client(serve().url)) == expected


def test_a_full_server_says_so_and_plays_when_somebody_has_left(serve: Callable[..., Any]) -> None:
    client = Client(serve("--max-sessions", "1").url)
    first = Session(**SHORT, client=client)
    with pytest.raises(AgoragymError) as full:
        Session(**SHORT, client=client)
    assert full.value.code == "capacity"
    first.close()
    assert play(client) == play(client)


def test_a_token_is_asked_for(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORAGYM_TOKEN", "open-sesame")
    server = serve()
    assert play(Client(server.url)) == play(Client(server.url, "open-sesame"))
    with pytest.raises(AgoragymError, match="AGORAGYM_TOKEN") as refused:
        Client(server.url, "wrong")
    assert refused.value.code == "unauthorized"


def test_the_shared_client_is_of_the_server_at_the_url(serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    monkeypatch.setenv("AGORAGYM_URL", server.url)
    assert Client.shared().url == server.url
    assert play(Client.shared()) == play(Client.shared())
    monkeypatch.delenv("AGORAGYM_URL")
    assert Client.shared().url is None


def test_a_client_that_vanishes_leaves_its_place_to_others(serve: Callable[..., Any]) -> None:
    server = serve("--max-sessions", "1")
    code = (
        "from agoragym import Client, Session\n"
        f"session = Session('swarm_economy', client=Client({server.url!r}))\nprint(flush=True)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    client = Client(server.url)
    for _ in range(200):
        try:
            play(client)
            return
        except AgoragymError as error:
            assert error.code == "capacity"
            time.sleep(0.05)
    pytest.fail("the place was never free again")
