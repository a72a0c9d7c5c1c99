"""Gymnasium's own checks on every economy, and what they do not look at: masks, seeds, vectors, processes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.vector.utils import create_shared_memory, read_from_shared_memory, write_to_shared_memory

import agoragym
from agoragym._encoding import UnicodeText
from agoragym.gym import AgoragymEnv, VectorEnv, register, shipped

OBSERVATIONS = ("encoded", "text")
# A game that is over soon.
SHORT: dict[str, Any] = {"economy": "swarm_economy", "preset": "short"}


@contextmanager
def opened(environment: Any) -> Iterator[Any]:
    try:
        yield environment
    finally:
        environment.close()


def choose(mask: np.ndarray[Any, Any], random: np.random.Generator) -> int:
    return int(random.choice(np.flatnonzero(mask)))


def test_every_economy_of_the_program_is_registered() -> None:
    assert shipped() == [economy["id"] for economy in agoragym.Client.shared().economies]
    assert len(shipped()) >= 4
    for economy in shipped():
        assert f"agoragym/{economy}-v0" in gymnasium.registry
    register("elsewhere")
    with pytest.raises(agoragym.AgoragymError, match="unknown_env"):
        gymnasium.make("agoragym/elsewhere-v0")
    gymnasium.registry.pop("agoragym/elsewhere-v0")


@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("economy", shipped())
def test_gymnasiums_checker_accepts(economy: str, observation: str) -> None:
    made = gymnasium.make(f"agoragym/{economy}-v0", observation=observation, render_mode="ansi")
    with opened(made), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*Not able to test alternative render modes.*")
        check_env(made.unwrapped)


@pytest.mark.parametrize("economy", shipped())
def test_a_whole_game_stays_in_its_spaces_and_rewards_add_up_to_the_score(economy: str) -> None:
    random = np.random.default_rng(1)
    with opened(AgoragymEnv(economy)) as game:
        observation, info = game.reset(seed=3)
        assert info["seed"] == 3
        total, ended = 0.0, False
        while not ended:
            assert game.observation_space.contains(observation)
            assert (game.action_masks() == info["action_mask"].astype(bool)).all()
            observation, reward, terminated, truncated, info = game.step(choose(info["action_mask"], random))
            total += reward
            ended = terminated or truncated
        assert game.observation_space.contains(observation)
        assert total == pytest.approx(info["scores"]["reward"], abs=1e-9)
        assert isinstance(info["stop"], str)
        assert info["legal"] == []
        with pytest.raises(agoragym.AgoragymError, match="episode_over"):
            game.step(0)


def test_seeds_are_games_and_an_unseeded_reset_goes_on_in_the_stream() -> None:
    with opened(AgoragymEnv(**SHORT)) as one, opened(AgoragymEnv(**SHORT)) as other:
        for game in (one, other):
            game.reset(seed=11)
        drawn = [[game.reset()[1]["seed"] for _ in range(3)] for game in (one, other)]
        assert drawn[0] == drawn[1]
        assert len(set(drawn[0])) == 3


def test_free_calls_play_as_well_as_slots() -> None:
    with opened(AgoragymEnv(**SHORT, observation="text", render_mode="ansi")) as game:
        text, info = game.reset(seed=0)
        assert game.render() == text
        assert "post" in info["legal"]
        _, _, _, _, info = game.act([{"tool": "nonsense"}])
        assert [result["ok"] for result in info["results"]] == [False]
        assert "nonsense" in info["results"][0]["text"]


def test_a_text_that_does_not_fit_is_an_error_that_says_what_would() -> None:
    with (
        opened(AgoragymEnv(**SHORT, observation="text", max_text=10)) as game,
        pytest.raises(ValueError, match=r"a text of \d+ characters is longer than the space allows: pass max_text="),
    ):
        game.reset(seed=0)


def test_the_text_space_carries_any_character_through_shared_memory() -> None:
    space = UnicodeText(30)
    memory = create_shared_memory(space, 2)
    for i, text in enumerate(("≥ 0 ’quoted’", "héllo 🌍\n")):
        assert space.contains(text)
        write_to_shared_memory(space, i, text, memory)  # type: ignore[arg-type]
    assert read_from_shared_memory(space, memory, 2) == ("≥ 0 ’quoted’", "héllo 🌍\n")
    assert space.contains(space.sample())


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="expected 'encoded' or 'text', got 'pixels'"):
        AgoragymEnv("swarm_economy", observation="pixels")  # type: ignore[arg-type]
    with pytest.raises(agoragym.AgoragymError, match="unknown_seat"):
        AgoragymEnv("swarm_economy", seat="nobody")
    with pytest.raises(agoragym.AgoragymError, match="bad_config"):
        AgoragymEnv("swarm_economy", preset="nowhere")


def play(environment: Any, seeds: list[int], steps: int) -> list[Any]:
    """Observations and rewards of a fixed way of playing: the first legal slot after nothing, by row."""
    observation, info = environment.reset(seed=seeds)
    told = [observation]
    for _ in range(steps):
        masks = np.stack(list(info["action_mask"]))
        actions = [int(np.flatnonzero(mask)[-1]) for mask in masks]
        observation, reward, terminated, truncated, info = environment.step(np.array(actions))
        told.append((observation, reward, terminated, truncated))
    return told


def same(one: Any, other: Any) -> None:
    for left, right in zip(one, other, strict=True):
        for a, b in zip(
            left if isinstance(left, tuple) else (left,), right if isinstance(right, tuple) else (right,), strict=True
        ):
            np.testing.assert_allclose(np.asarray(a, np.float32), np.asarray(b, np.float32), rtol=1e-6)


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_processes_forked_or_spawned_play_the_same_games(context: str) -> None:
    # A child of this process is running when they are forked.
    assert agoragym.Client.shared().ended is None
    makers = [lambda: AgoragymEnv(**SHORT)] * 3
    with opened(AsyncVectorEnv(makers, context=context)) as many, opened(SyncVectorEnv(makers)) as alone:
        same(play(many, [5, 6, 7], 8), play(alone, [5, 6, 7], 8))
    assert agoragym.Client.shared().ended is None


@pytest.mark.parametrize("economy", shipped())
def test_vectors_are_many_single_games(economy: str) -> None:
    with opened(gymnasium.make_vec(f"agoragym/{economy}-v0", num_envs=3, vectorization_mode="vector_entry_point")) as vector:
        assert isinstance(vector.unwrapped, VectorEnv)
        with opened(SyncVectorEnv([lambda: AgoragymEnv(economy)] * 3)) as single:
            assert vector.observation_space == single.observation_space
            assert vector.action_space == single.action_space
            same(play(vector, [5, 6, 7], 10), play(single, [5, 6, 7], 10))


def test_vectors_begin_again_by_the_next_step_and_tell_the_score() -> None:
    with opened(VectorEnv(2, **SHORT)) as games:
        observation, info = games.reset(seed=4)
        assert observation.shape == (2, len(games.encoding["features"]))
        total = np.zeros(2)
        over = np.zeros(2, bool)
        while not over.any():
            observation, reward, terminated, truncated, info = games.step(games.action_masks().argmax(1))
            over = terminated | truncated
            total += reward
        assert (info["_score"] == over).all()
        np.testing.assert_allclose(info["score"][over], total[over], atol=1e-5)
        assert all(isinstance(stop, str) for stop in info["stop"][over])
        _, reward, terminated, truncated, info = games.step([0, 0])
        assert not (terminated | truncated)[over].any()
        assert (reward[over] == 0).all()
        with pytest.raises(ValueError, match="expected 2 seeds, got 3"):
            games.reset(seed=[1, 2, 3])
