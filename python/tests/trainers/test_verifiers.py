"""Verifiers: its own `vf-eval` plays our taskset, one live seat and four over two roles; what it records is what we record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer

import agoragym
from agoragym._node import command

KEY = {"AGORAGYM_TEST_KEY": "none"}


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with ModelServer() as url:
        yield url


@pytest.fixture(scope="module")
def turns() -> int:
    """Of a game of sim_economy's preset `short`."""
    with agoragym.Session("sim_economy", preset="short") as session:
        return int(session.info["config"]["horizon_turns"])


def vf_eval(folder: Path, url: str, env: str, *more: str, limit: int = 1, rollouts: int = 1) -> list[dict[str, Any]]:
    """The episodes of a run of `vf-eval`, each with its traces."""
    out = folder / "out"
    (folder / "eval.toml").write_text(
        f'model = "fake"\nnum_rollouts = {rollouts}\nmax_concurrent = 8\npush = false\noutput_dir = "{out}"\n'
        f'[select]\nlimit = {limit}\n[client]\nbase_url = "{url}"\napi_key_var = "AGORAGYM_TEST_KEY"\n{env}',
        "utf-8",
    )
    words = [str(Path(sys.executable).parent / "vf-eval"), "@", "eval.toml", "--no-rich", *more]
    done = subprocess.run(words, cwd=folder, env={**os.environ, **KEY}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return episodes(out)


def episodes(out: Path) -> list[dict[str, Any]]:
    files = sorted(out.rglob("*.jsonl"))
    found = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    return [episode for episode in found if "traces" in episode]


def said(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """A trace's messages, in the shape of ours."""
    return [shape(node["message"]) for node in trace["nodes"]]


def shape(message: dict[str, Any]) -> dict[str, Any]:
    written = [json.loads(call) if isinstance(call, str) else call for call in message.get("tool_calls") or []]
    functions = [call.get("function", call) for call in written]
    calls = [{"name": function["name"], "arguments": function["arguments"]} for function in functions]
    content = message.get("content") or ""
    text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    return {"role": message["role"], "content": text, "calls": calls}


@pytest.mark.parametrize("economy", ["sim_economy", "swarm_economy", "mars_colony", "spatial_planning"])
def test_a_trace_is_what_eval_records_of_the_same_answers(tmp_path: Path, model: str, economy: str) -> None:
    [episode] = vf_eval(tmp_path, model, f'[env.taskset]\nid = "agoragym-verifiers"\neconomy = "{economy}"\n')
    assert episode["ok"], episode["errors"]
    [trace] = episode["traces"]
    words = command("eval", economy, "--players", f"openai:fake@{model}", "--seeds", "1", "--api", "chat", "--out", "runs")
    done = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, "OPENAI_API_KEY": "none"}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    loaded = agoragym.load(tmp_path / "runs", "pandas")
    [result] = loaded.rows("results")
    ours = [shape(message) for message in result["prompt"] + result["completion"]]
    theirs = said(trace)
    # The results of the last calls are told when the game is over; nobody answers them, so a trace ends before.
    assert theirs == ours[: len(theirs)]
    assert all(message["role"] == "tool" for message in ours[len(theirs) :])
    assert trace["rewards"]["score"]["score"] == pytest.approx(result["reward"], abs=1e-12)


def test_four_live_seats_over_two_roles_and_resume(tmp_path: Path, model: str, turns: int) -> None:
    env = (
        "[env]\n"
        '[env.taskset]\nid = "agoragym-verifiers"\neconomy = "sim_economy"\npreset = "short"\n'
        '[env.seats]\nagent_0 = "player"\nagent_1 = "player"\nagent_2 = "rival"\nagent_3 = "rival"\n'
        '[env.rival]\nmodel = "frozen"\n'
    )
    played = vf_eval(tmp_path, model, env, limit=2)
    assert [episode["ok"] for episode in played] == [True, True]
    for episode in played:
        traces = {trace["info"]["seat"]: trace for trace in episode["traces"]}
        assert sorted(traces) == ["agent_0", "agent_1", "agent_2", "agent_3"]
        roles = {seat: (trace["agent"]["name"], trace["calls"][0]["model"]) for seat, trace in traces.items()}
        assert roles == {
            "agent_0": ("player", "fake"),
            "agent_1": ("player", "fake"),
            "agent_2": ("rival", "frozen"),
            "agent_3": ("rival", "frozen"),
        }
        assert len({trace["info"]["seed"] for trace in traces.values()}) == 1
        assert all(len(trace["calls"]) == turns for trace in traces.values())

    # A run that was cut short owes what is missing, and plays it as it was.
    [file] = (tmp_path / "out").rglob("traces.jsonl")
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text(lines[0], "utf-8")
    resolved = file.parent / "configs" / "resolved" / "eval.json"
    words = [str(Path(sys.executable).parent / "vf-eval"), "@", str(resolved), "--resume", "--no-rich"]
    done = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, **KEY}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    again = episodes(tmp_path / "out")
    assert sorted(map(scores, again)) == sorted(map(scores, played))


def scores(episode: dict[str, Any]) -> list[tuple[int, str, float]]:
    return sorted(
        (trace["info"]["seed"], trace["info"]["seat"], trace["rewards"]["score"]["score"]) for trace in episode["traces"]
    )


def test_the_env_server_that_trainers_dispatch_to(model: str, turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio
    import threading

    import verifiers.v1 as vf
    from verifiers.v1.configs.client import EvalClientConfig
    from verifiers.v1.serve import EnvClient, EnvServer

    monkeypatch.setenv("AGORAGYM_TEST_KEY", "none")
    config = vf.resolve_env_config({"taskset": {"id": "agoragym-verifiers", "economy": "sim_economy", "preset": "short"}})
    server = EnvServer(config, address="tcp://127.0.0.1:0")
    threading.Thread(target=lambda: asyncio.run(server.run()), daemon=True).start()

    async def dispatch() -> list[Any]:
        client = EnvClient(server.address)
        tasks = list(vf.load_taskset(config.taskset).take(4))
        where = EvalClientConfig(base_url=model, api_key_var="AGORAGYM_TEST_KEY")
        jobs = [
            client.run(task_data=task.data.model_dump(mode="json"), client=where, model="fake", sampling=vf.SamplingConfig())
            for task in tasks
        ]
        return await asyncio.gather(*jobs)

    played = asyncio.run(dispatch())
    assert [episode.ok for episode in played] == [True] * 4
    assert [len(trace.calls) for episode in played for trace in episode.traces] == [turns] * 4
