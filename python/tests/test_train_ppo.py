"""The example of masked PPO: two updates end to end, and what Stable-Baselines3 is shown of games that end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed")

from sb3_contrib import MaskablePPO

from agoragym.examples.train_ppo import SlotVecEnv, main, play
from agoragym.gym import VectorEnv


def test_two_updates_write_a_policy_that_plays_legal_slots(tmp_path: Path) -> None:
    arguments = [
        "--preset",
        "short",
        "--steps",
        "256",
        "--envs",
        "8",
        "--rollout",
        "16",
        "--curve-every",
        "1",
        "--out",
        str(tmp_path),
    ]
    main(["swarm_economy", *arguments])
    with (tmp_path / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(float(row["steps"])) for row in rows] == [0, 128, 256]
    assert "<polyline" in (tmp_path / "curve.svg").read_text("utf-8")
    about = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert about["arguments"]["economy"] == "swarm_economy"
    assert "torch" in about["versions"]

    model = MaskablePPO.load(tmp_path / "policy.zip", device="cpu")
    games = VectorEnv(4, "swarm_economy", preset="short")
    observation, _ = games.reset(seed=0)
    for _ in range(6):
        slots, _ = model.predict(observation, action_masks=games.action_masks(), deterministic=True)
        assert games.action_masks()[np.arange(4), slots].all()
        observation, *_ = games.step(slots)
    assert (play(model, games, 0) == play(model, games, 0)).all()
    games.close()


def test_the_rewards_of_a_game_add_up_to_its_score_between_two_ends() -> None:
    games = VectorEnv(3, "swarm_economy", preset="short", reward="score")
    environment = SlotVecEnv(games, 0)
    environment.reset()
    earned, ended = np.zeros(3), 0
    for _ in range(40):
        _, reward, done, told = environment.step(np.zeros(3, np.int64))
        earned += reward
        for i in np.flatnonzero(done):
            assert earned[i] == pytest.approx(environment.scores[ended], abs=1e-5)
            assert "terminal_observation" in told[i]
            earned[i] = 0
            ended += 1
    assert ended >= 6
    environment.close()
