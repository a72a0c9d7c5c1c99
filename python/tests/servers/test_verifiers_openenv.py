"""Verifiers' own OpenEnv taskset, against the server of the wheel: no code of ours between them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from openenv import GenericEnvClient

VF_EVAL = Path(sys.executable).parent / "vf-eval"


#: A game of three turns: the harness starts a process for each.
GAME = {"preset": "short", "config": {"max_turns": 3}}


class Model(BaseHTTPRequestHandler):
    """A chat model that always says one word, which the action schema takes for an action."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        base = {"id": "a", "created": 1, "model": asked["model"]}
        usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
        message = {"role": "assistant", "content": "pass_turn"}
        if asked.get("stream"):
            chunk = {**base, "object": "chat.completion.chunk"}
            events = [
                {**chunk, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
                {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
                {**chunk, "choices": [], "usage": usage},
            ]
            body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            choices = [{"index": 0, "finish_reason": "stop", "message": message}]
            body = json.dumps({**base, "object": "chat.completion", "choices": choices, "usage": usage})
            kind = "application/json"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def model() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def passed_by_hand(base_url: str, seed: int) -> float:
    total = 0.0
    with GenericEnvClient(base_url=base_url).sync() as client:
        result = client.reset(seed=seed, **GAME)
        while not result.done:
            result = client.step({"tool": "pass_turn"})
            total += result.reward or 0.0
    return total


def test_its_traces_hold_whole_games_and_their_scores(url: str, model: str, tmp_path: Path) -> None:
    base_url = f"{url}/swarm_economy"
    (tmp_path / "eval.toml").write_text(
        f"""
model = "one-word"
num_rollouts = 1
push = false
output_dir = "out"
[client]
base_url = "{model}"
api_key_var = "ONE_WORD_KEY"
[env.taskset]
id = "openenv"
base_url = "{base_url}"
resets = [{{seed = 1, preset = "short", config = {{max_turns = 3}}}}]
[env.player.harness]
id = "null"
[env.player.runtime]
type = "subprocess"
"""
    )
    done = subprocess.run(
        [str(VF_EVAL), "@", "eval.toml", "--no-rich"],
        cwd=tmp_path,
        env={**os.environ, "ONE_WORD_KEY": "unused"},
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = list((tmp_path / "out").rglob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    rewards = [
        trace["rewards"]["openenv_reward"]["score"]
        for row in rows
        for trace in row.get("traces", [row])
        if "openenv_reward" in trace.get("rewards", {})
    ]
    assert all(row["ok"] for row in rows), rows
    assert rewards == [pytest.approx(passed_by_hand(base_url, 1), abs=1e-9)]
