"""PettingZoo's own tests on every economy, and what they do not look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

from agoragym.gym import shipped
from agoragym.pettingzoo import env, parallel_env

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("observation", ["encoded", "text"])
@pytest.mark.parametrize("economy", shipped())
def test_parallel(economy: str, observation: str) -> None:
    made = parallel_env(economy, observation=observation)
    parallel_api_test(made, num_cycles=60)
    made.close()
    parallel_seed_test(lambda: parallel_env(economy, observation=observation), num_cycles=20)


@pytest.mark.parametrize("economy", shipped())
def test_agent_by_agent(economy: str) -> None:
    made = env(economy)
    api_test(made, num_cycles=60)
    made.close()
    seed_test(lambda: env(economy), num_cycles=20)


@pytest.mark.parametrize("observation", ["encoded", "text"])
@pytest.mark.parametrize("economy", shipped())
def test_who_may_not_act_has_a_mask_of_nothing_and_rewards_add_up_to_scores(economy: str, observation: Any) -> None:
    random = np.random.default_rng(2)
    game = parallel_env(economy, observation=observation)
    observations, infos = game.reset(seed=1)
    assert game.agents == game.possible_agents
    total = dict.fromkeys(game.agents, 0.0)
    while game.agents:
        for agent in game.agents:
            assert game.observation_space(agent).contains(observations[agent])
            if not infos[agent]["acting"]:
                assert np.flatnonzero(observations[agent]["action_mask"]).tolist() == [0]
        # A slot of somebody who may not act is ignored.
        actions = {
            agent: int(random.choice(np.flatnonzero(observations[agent]["action_mask"]))) if infos[agent]["acting"] else 1
            for agent in game.agents
        }
        agents = game.agents
        observations, rewards, terminated, truncated, infos = game.step(actions)
        assert observations.keys() == rewards.keys() == terminated.keys() == truncated.keys() == infos.keys() == set(agents)
        for agent in agents:
            total[agent] += rewards[agent]
    for agent, info in infos.items():
        assert total[agent] == pytest.approx(info["scores"]["reward"], abs=1e-4)
    game.close()


def test_live_seats_are_those_that_are_named() -> None:
    game = parallel_env("sim_economy", preset="short", live=["agent_0", "agent_3"], opponents="bot:honest:6")
    assert game.possible_agents == ["agent_0", "agent_3"]
    game.close()
