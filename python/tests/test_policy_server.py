"""A policy of Python in games that Node plays, and the answers of its server to what is no turn."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from agoragym import load
from agoragym._node import command
from agoragym.policy_server import PolicyServer, PolicyTurn, serve_policy

TURN: dict[str, Any] = {"protocol": 1, "rollout": "r", "seat": "a", "t": 0, "offered": [], "results": []}


def ask(server: PolicyServer, turn: Any, **headers: str) -> tuple[int, Any]:
    body = turn if isinstance(turn, bytes) else json.dumps(turn).encode()
    request = urllib.request.Request(server.url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_every_form_of_a_choice_is_a_decision() -> None:
    class Index:
        def __index__(self) -> int:
            return 3

    calls = [{"tool": "post", "args": {"content": "x"}}]
    for choice, decision in (
        (2, {"slot": 2}),
        (Index(), {"slot": 3}),
        (None, {"calls": []}),
        (calls, {"calls": calls}),
        ({"calls": calls}, {"calls": calls}),
        ({"slot": 1}, {"slot": 1}),
    ):
        with serve_policy(lambda turn, choice=choice: choice) as server:  # type: ignore[misc]
            assert ask(server, TURN) == (200, decision)


def test_what_is_no_turn_and_what_a_policy_raises_are_answered() -> None:
    def breaks(turn: PolicyTurn) -> int:
        raise RuntimeError("out of order")

    with serve_policy(breaks) as server:
        assert ask(server, b"no json")[0] == 400
        assert ask(server, {**TURN, "protocol": 9})[1]["error"]["code"] == "unknown_protocol"
        status, body = ask(server, TURN)
        assert (status, body["error"]) == (500, {"code": "policy_failed", "message": "RuntimeError: out of order"})
        assert [str(error) for error in server.errors] == ["out of order"]
    with serve_policy(lambda turn: "post", token="sesame") as server:  # type: ignore[arg-type,return-value]
        assert ask(server, TURN)[0] == 401
        status, body = ask(server, TURN, Authorization="Bearer sesame")
        assert (status, body["error"]["code"]) == (500, "policy_failed")
        assert "a policy answers a slot, a list of calls, a decision or None, got 'post'" in body["error"]["message"]


def evaluate(out: Path, *players: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    words = ["eval", "swarm_economy", "--preset", "short", "--players", ",".join(players), "--seeds", "3", "--out", str(out)]
    return subprocess.run(command(*words, *options), capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("accepts", ["text", "observation", "encoded"])
def test_a_policy_is_evaluated_beside_bots_and_sees_what_it_accepts(tmp_path: Path, accepts: Any) -> None:
    seen: list[PolicyTurn] = []

    def passes(turn: PolicyTurn) -> Any:
        seen.append(turn)
        return [{"tool": "pass_turn"}]

    with serve_policy(passes, accepts=[accepts]) as server:
        done = evaluate(tmp_path, server.player, "bot:pass")
    assert done.returncode == 0, done.stderr
    results = load(tmp_path, "pandas").results
    scores = results.pivot(index="info.seed", columns="info.player", values="reward")
    assert scores.shape == (3, 2)
    # The bot of that name passes too, so the games are the same.
    assert (scores.iloc[:, 0] == scores.iloc[:, 1]).all()
    fields = {"text": {"text"}, "observation": {"observation"}, "encoded": {"features", "mask"}}
    for turn in seen:
        assert turn.keys() & set().union(*fields.values()) == fields[accepts]
        assert "pass_turn" in turn["offered"]
    assert {(turn["rollout"], turn["t"]) for turn in seen if turn["t"] == 0} == {(turn["rollout"], 0) for turn in seen}


def test_a_policy_that_fails_gives_the_rollout_up_with_its_words(tmp_path: Path) -> None:
    def breaks(turn: PolicyTurn) -> int:
        raise RuntimeError("out of order")

    with serve_policy(breaks) as server:
        # Further attempts would only wait longer, up to minutes by chance.
        evaluate(tmp_path, server.player, options=("--max-retries", "1"))
    errors = load(tmp_path, "pandas").errors
    assert len(errors) == 3
    assert errors["message"].str.contains("out of order").all()


def test_a_function_is_served_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def choose(turn):\n    return turn['mask'].index(1)\n")
    words = [sys.executable, "-m", "agoragym.policy_server", "mine.py:choose", "--port", "0"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            player = process.stdout.readline().strip()
            assert player.startswith("policy:http://127.0.0.1:")
            done = evaluate(tmp_path / "runs", player)
            assert done.returncode == 0, done.stderr
        finally:
            process.terminate()
    wrong = subprocess.run([*words[:3], "mine.py:nothing"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr.strip()) == (1, "mine.py has no function nothing")
