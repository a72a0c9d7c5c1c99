"""What goes wrong has a name, nothing hangs, and the next session plays; for threads, forks and event loops."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from play import SHORT, play

from agoragym import AgoragymError, Client, Session
from agoragym._wire import Child, Connection, socket_url

#: Nothing here takes longer; what hangs fails.
SECONDS = 60.0


def child_of(client: Client) -> Child:
    carrier = client._connection._carrier
    assert isinstance(carrier, Child)
    return carrier


def gone(pid: int) -> bool:
    """Whether a process has ended, by and by."""
    for _ in range(200):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_killed_child_fails_what_waits_and_the_next_session_starts_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AGORAGYM_URL", raising=False)
    client = Client.shared()
    expected = play(client)
    session = Session(**SHORT)
    session.reset(1)
    child = child_of(client).process
    # Stopped, it answers nothing: what is asked now waits until it is killed.
    os.kill(child.pid, signal.SIGSTOP)
    waiting = client.send("reset", s=session.s, seed=2)
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(AgoragymError, match="was killed by signal 9") as killed:
        waiting.result(SECONDS)
    assert killed.value.code == "node_died"
    with pytest.raises(AgoragymError, match="node_died"):
        session.step({})
    session.close()
    assert play(Client.shared()) == expected
    assert child_of(Client.shared()).process.pid != child.pid


def test_another_protocol_is_refused_by_its_number(connect: Callable[[], Client]) -> None:
    client = connect()
    with pytest.raises(AgoragymError) as other:
        client.request("hello", protocol=999)
    assert other.value.code == "unknown_protocol"
    assert play(client) == play(client)


def test_a_program_that_is_another_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pretend(body: str) -> None:
        path = tmp_path / "node"
        path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n")
        path.chmod(0o755)
        monkeypatch.setenv("AGORAGYM_NODE", str(path))

    answer = (
        "print(json.dumps({'id': json.loads(input())['id'], 'ok': True, 'protocol': %s, 'version': %r}), flush=True)\ninput()"
    )
    for body, code in (
        ("sys.exit(3)", "node_died"),
        ("print('Welcome!', flush=True)\ninput()", "bad_answer"),
        ("print('[1]', flush=True)\ninput()", "bad_answer"),
        (answer % (7, "0.2.0"), "unknown_protocol"),
        (answer % (1, "0.0.1"), "other_version"),
    ):
        pretend(body)
        with pytest.raises(AgoragymError) as refused:
            Client()
        assert refused.value.code == code, refused.value
    monkeypatch.delenv("AGORAGYM_NODE")
    Client().close()


def test_a_client_that_vanishes_takes_its_child_along() -> None:
    code = (
        "from agoragym import Client, Session\n"
        "client = Client()\nsession = Session('swarm_economy', client=client)\nsession.reset(1)\n"
        "print(client._connection._carrier.process.pid, flush=True)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    assert gone(pid)


def test_an_interrupt_at_the_terminal_is_pythons_and_leaves_the_child_alone() -> None:
    code = (
        "import os, signal, time\nfrom agoragym import Client\nclient = Client()\nsignal.signal(signal.SIGINT, lambda *_: None)\n"
        "os.killpg(0, signal.SIGINT)\ntime.sleep(0.5)\nprint(client.request('hello')['protocol'])"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, start_new_session=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_mistakes_of_a_caller_are_named_and_the_session_plays_on(connect: Callable[[], Client]) -> None:
    client = connect()
    wrongs: dict[str, dict[str, Any]] = {
        "unknown_env": {"economy": "nowhere"},
        "bad_config": {"economy": "swarm_economy", "preset": "nowhere"},
        "unknown_seat": {"economy": "swarm_economy", "live": ["nobody"]},
        "unknown_player": {"economy": "sim_economy", "opponents": "bot:nobody:7"},
    }
    for code, wrong in wrongs.items():
        with pytest.raises(AgoragymError) as refused:
            Session(**wrong, client=client)
        assert refused.value.code == code, refused.value
    session = Session(**SHORT, client=client)
    with pytest.raises(AgoragymError, match="not_reset"):
        session.step({})
    with pytest.raises(AgoragymError, match="bad_seed"):
        session.reset(-1)
    session.reset(1)
    with pytest.raises(AgoragymError, match="not_your_turn"):
        session.step({"agent_0": {"calls": []}})
    with pytest.raises(AgoragymError, match="unknown_op"):
        client.request("dance")
    assert session.check("learner", {"tool": "nonsense"})["legal"] is False
    view = session.step({"learner": {"calls": [{"tool": "nonsense"}]}})
    assert [result["ok"] for result in view["turns"]["learner"]["results"]] == [False]
    assert session.log()["header"]["seed"] == 1
    assert session.stop("enough")["stop"] == "enough"
    session.close()
    session.close()
    with pytest.raises(AgoragymError, match="unknown_session"):
        session.reset(1)


def test_a_closed_client_is_told_apart_and_closing_twice_is_nothing(connect: Callable[[], Client]) -> None:
    client = connect()
    session = Session(**SHORT, client=client)
    client.close()
    client.close()
    session.close()
    with pytest.raises(AgoragymError) as closed:
        client.request("hello")
    assert closed.value.code == "closed"


def test_many_threads_play_on_one_client_as_one_does(connect: Callable[[], Client]) -> None:
    client = connect()
    alone = [play(client, seed) for seed in range(12)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda seed: play(client, seed), range(12))) == alone


def test_an_event_loop_plays_many_games_at_once(connect: Callable[[], Client]) -> None:
    client = connect()

    async def game(seed: int) -> float:
        session = await Session.aopen(**SHORT, client=client)
        view = await session.areset(seed)
        while not view["done"]:
            view = await session.astep({})
        session.close()
        return float(view["scores"][session.live[0]]["reward"] or 0.0)

    async def games() -> list[float]:
        cancelled = asyncio.ensure_future(client.arequest("hello"))
        await asyncio.sleep(0)
        cancelled.cancel()
        return list(await asyncio.gather(*map(game, range(8))))

    assert asyncio.run(games()) == [play(client, seed) for seed in range(8)]


def test_sessions_that_nobody_holds_are_closed() -> None:
    client = Client()
    left = Session(**SHORT, client=client).s
    gc.collect()
    client.request("hello")
    with pytest.raises(AgoragymError, match="unknown_session"):
        client.request("reset", s=left)
    client.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_fork_starts_a_child_of_its_own_and_leaves_its_parents_alone() -> None:
    client = Client.shared()
    session = Session(**SHORT, client=client)
    expected = play(client)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                session.reset(1)
                told = "nothing"
            except AgoragymError as error:
                told = error.code
            answer = {"told": told, "score": play(Client.shared()), "child": child_of(Client.shared()).process.pid}
            os.write(writing, json.dumps(answer).encode())
            Client.shared().close()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told_by_fork:
        found = json.loads(told_by_fork.read())
    os.waitpid(pid, 0)
    assert found == {"told": "forked", "score": expected, "child": found["child"]}
    assert found["child"] != child_of(client).process.pid
    assert session.reset(1)["t"] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_fork_that_outlives_its_parents_client_does_not_keep_its_child_alive() -> None:
    client = Client()
    node = child_of(client).process.pid
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    # Closing waits for the end of the child, and kills it only after some seconds: it ends by its input.
    start = time.monotonic()
    client.close()
    assert client._connection._carrier.process.returncode == 0, time.monotonic() - start  # type: ignore[attr-defined]
    assert gone(node)
    os.close(writing)
    os.waitpid(pid, 0)


def test_a_child_that_does_not_read_is_ended_and_frees_who_writes() -> None:
    carrier = Child([sys.executable, "-c", "import time; time.sleep(600)"])
    connection = Connection(carrier)
    writer = threading.Thread(target=lambda: connection.send("hello", padding="x" * 5_000_000))
    writer.start()
    # Until it is in the middle of its message.
    while not carrier._writing.locked():
        time.sleep(0.01)
    connection.close()
    writer.join(SECONDS)
    assert not writer.is_alive()


def test_answers_find_their_questions_in_any_order_with_their_buffers() -> None:
    # As where a model sits opposite in one game and not in the other.
    code = (
        "import json, sys\nasked = [json.loads(input()) for _ in range(2)]\nfor one in reversed(asked):\n"
        "    data = one['op'].encode()\n"
        "    print(json.dumps({'id': one['id'], 'ok': True, 'bytes': [len(data), 0]}), flush=True)\n"
        "    sys.stdout.buffer.write(data)\n    sys.stdout.buffer.flush()\ninput()"
    )
    connection = Connection(Child([sys.executable, "-c", code]))
    first, second = connection.send("first"), connection.send("second")
    assert first.result(SECONDS)[1] == [b"first", b""]
    assert second.result(SECONDS)[1] == [b"second", b""]
    connection.close()


def test_addresses_of_servers() -> None:
    assert socket_url("http://127.0.0.1:8000") == "ws://127.0.0.1:8000/agora"
    assert socket_url("https://example.org/games/") == "wss://example.org/games/agora"
    assert socket_url("ws://localhost:1/agora") == "ws://localhost:1/agora"
    for wrong in ("localhost:8000", "ftp://localhost", "http://"):
        with pytest.raises(AgoragymError, match="bad_url"):
            socket_url(wrong)
