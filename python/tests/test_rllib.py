"""RLlib's wrapper over every economy, and environments in Ray's actors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ray

from agoragym.gym import shipped
from agoragym.rllib import create, register


@pytest.mark.parametrize("economy", shipped())
def test_the_wrapper_plays_a_whole_game(economy: str) -> None:
    game = create(economy)
    observations, _ = game.reset(seed=3)
    random = np.random.default_rng(0)
    ended = False
    while not ended:
        actions = {
            agent: int(random.choice(np.flatnonzero(observation["action_mask"]))) for agent, observation in observations.items()
        }
        observations, rewards, terminated, truncated, _ = game.step(actions)
        assert rewards.keys() == observations.keys()
        ended = terminated["__all__"] or truncated["__all__"]
    game.close()


def test_actors_play_the_same_game_as_this_process() -> None:
    def scores(seed: int) -> dict[str, Any]:
        game = create("swarm_economy", {"preset": "short"})
        observations, infos = game.reset(seed=seed)
        ended = False
        while not ended:
            actions = {agent: int(np.flatnonzero(one["action_mask"])[-1]) for agent, one in observations.items()}
            observations, _, terminated, truncated, infos = game.step(actions)
            ended = terminated["__all__"] or truncated["__all__"]
        game.close()
        return {agent: info["scores"] for agent, info in infos.items()}

    assert register("swarm_economy") == "agoragym/swarm_economy"
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        remote = ray.remote(num_cpus=1)(scores)
        assert ray.get([remote.remote(seed) for seed in (1, 2)]) == [scores(1), scores(2)]
    finally:
        ray.shutdown()
