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


class Model(BaseHTTPRequestHandler):
    """A chat model that always says one word, which the action schema takes for an action."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        told = {
            "id": "a",
            "object": "chat.completion",
            "created": 1,
            "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "pass_turn"}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
        }
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

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
        result = client.reset(seed=seed, preset="short")
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
resets = [{{seed = 1, preset = "short"}}]
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
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = list((tmp_path / "out").rglob("*.jsonl"))
    rows = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    rewards = [
        trace["rewards"]["openenv_reward"]
        for row in rows
        for trace in row.get("traces", [row])
        if "openenv_reward" in trace.get("rewards", {})
    ]
    assert rewards == [pytest.approx(passed_by_hand(base_url, 1), abs=1e-9)]
