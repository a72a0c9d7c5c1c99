"""One game by every route: the same seed and decisions give the rewards, scores, texts and numbers of Node's own Episode, which
plays it in this run (`episode.mjs`, which needs `npm run build` and a Node on the PATH)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agoragym import Client, Session, load
from agoragym.gym import AgoragymEnv, VectorEnv, shipped
from agoragym.pettingzoo import env, parallel_env

Game = dict[str, Any]
SEED = 5


@cache
def episode(economy: str) -> Game:
    asked = json.dumps({"economy": economy, "seed": SEED})
    program = Path(__file__).with_name("episode.mjs")
    played = subprocess.run(["node", str(program), asked], capture_output=True, text=True, check=True, timeout=120)
    return dict(json.loads(played.stdout))


def close(left: Any, right: Any) -> bool:
    return bool(left == pytest.approx(right, rel=1e-9, abs=1e-9))


def by_session(economy: str, how: str, form: str) -> None:
    """The wire itself: by calls or by slots, with the rewards of each form."""
    game = episode(economy)
    with Session(economy, live="all", want=["text", "encoded"], reward=form) as session:  # type: ignore[arg-type]
        view = session.reset(SEED)
        assert session.live == game["live"]
        assert view["initial"] == pytest.approx(game["initial"])
        paid = []
        for expected in game["views"]:
            assert view["t"] == expected["t"]
            assert view["acting"] == list(expected["turns"])
            for agent, turn in expected["turns"].items():
                assert view["turns"][agent]["text"] == turn["text"]
                assert view["turns"][agent]["features"] == turn["features"]
                assert view["turns"][agent]["mask"] == turn["mask"]
            view = session.step({agent: {how: turn[how]} for agent, turn in expected["turns"].items()})  # type: ignore[misc]
            paid.append(view["rewards"])
            for agent, results in expected["results"].items():
                if agent in view["turns"]:
                    assert view["turns"][agent]["results"] == results
        assert view["scores"] == {agent: game["scores"][agent] for agent in game["live"]}
        assert (view["stop"], view["done"]) == (game["stop"], game["done"])
        assert {agent: turn["text"] for agent, turn in view["turns"].items()} == game["end"]
        for agent in game["live"]:
            changes = [expected["rewards"][agent] for expected in game["views"]]
            first = [game["initial"][agent] + changes[0], *changes[1:]]
            told = [rewards[agent] for rewards in paid]
            assert close(told, {"delta": changes, "score": first, "total": list(np.cumsum(first))}[form])
            if form == "score":
                assert close(sum(told), game["scores"][agent]["reward"])
            if form == "total":
                assert close(told[-1], game["scores"][agent]["reward"])


def by_single_calls(economy: str) -> None:
    """Call by call, as frameworks do that carry out each tool call by itself."""
    game = episode(economy)
    with Session(economy) as session:
        (agent,) = session.live
        view: Any = session.reset(SEED)
        total = 0.0
        for expected in game["views"]:
            assert view["turns"][agent]["text"] == expected["turns"][agent]["text"]
            calls = list(expected["turns"][agent]["calls"])
            end = session.info.get("end_tool")
            while calls or end is not None:
                view = session.call(agent, calls.pop(0) if calls else {"tool": end["name"]})  # type: ignore[index]
                if "t" in view:
                    break
            total += view["rewards"][agent]
            assert calls == []
        assert view["scores"][agent] == game["scores"][agent]
        assert close(total, game["scores"][agent]["reward"])


def by_parallel(economy: str, observation: Any) -> None:
    game = episode(economy)
    table = parallel_env(economy, observation=observation)
    observations, infos = table.reset(seed=SEED)
    total = dict.fromkeys(table.possible_agents, 0.0)
    for expected in game["views"]:
        assert [agent for agent, info in infos.items() if info["acting"]] == list(expected["turns"])
        for agent, turn in expected["turns"].items():
            assert observations[agent]["action_mask"].tolist() == turn["mask"]
            if observation == "text":
                assert observations[agent]["text"] == turn["text"]
            else:
                assert observations[agent]["observation"].tolist() == turn["features"]
        observations, rewards, *_, infos = table.step({agent: turn["slot"] for agent, turn in expected["turns"].items()})
        total = {agent: total[agent] + reward for agent, reward in rewards.items()}
    assert table.agents == []
    assert {agent: info["scores"] for agent, info in infos.items()} == {agent: game["scores"][agent] for agent in game["live"]}
    assert total == pytest.approx({agent: game["scores"][agent]["reward"] for agent in game["live"]}, abs=1e-4)
    table.close()


def by_aec(economy: str) -> None:
    game = episode(economy)
    table = env(economy)
    table.reset(seed=SEED)
    total = dict.fromkeys(table.possible_agents, 0.0)
    for expected in game["views"]:
        for agent in list(table.agents):
            assert table.agent_selection == agent
            turn = expected["turns"].get(agent)
            if turn is not None:
                assert table.observe(agent)["observation"].tolist() == turn["features"]
            table.step(0 if turn is None else turn["slot"])
        total = {agent: total[agent] + table.rewards[agent] for agent in total}
    assert all(table.terminations.values()) or all(table.truncations.values())
    assert total == pytest.approx({agent: game["scores"][agent]["reward"] for agent in game["live"]}, abs=1e-4)
    table.close()


ROUTES: dict[str, Callable[[str], None]] = {
    "session, calls": lambda economy: by_session(economy, "calls", "delta"),
    "session, slots": lambda economy: by_session(economy, "slot", "score"),
    "session, total": lambda economy: by_session(economy, "slot", "total"),
    "parallel, encoded": lambda economy: by_parallel(economy, "encoded"),
    "parallel, text": lambda economy: by_parallel(economy, "text"),
    "agent by agent": by_aec,
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("economy", shipped())
def test_every_route_plays_the_game_of_the_episode(economy: str, route: str) -> None:
    ROUTES[route](economy)


ALONE = [economy for economy in shipped() if len(episode(economy)["live"]) == 1]


def test_some_economy_has_one_seat_to_play() -> None:
    assert ALONE


@pytest.mark.parametrize("economy", ALONE)
def test_calls_one_by_one_play_it_too(economy: str) -> None:
    by_single_calls(economy)


@pytest.mark.parametrize("economy", ALONE)
def test_environments_of_one_seat_play_it_too(economy: str) -> None:
    game = episode(economy)
    (agent,) = game["live"]
    single, text, vector = AgoragymEnv(economy), AgoragymEnv(economy, observation="text"), VectorEnv(2, economy)
    seen = single.reset(seed=SEED)[0], text.reset(seed=SEED)[0], vector.reset(seed=[SEED, 1])[0][0]
    paid = np.zeros(3)
    for expected in game["views"]:
        turn = expected["turns"][agent]
        assert seen[0].tolist() == turn["features"]
        assert seen[1] == turn["text"]
        assert seen[2].tolist() == turn["features"]
        one, other, many = single.step(turn["slot"]), text.step(turn["slot"]), vector.step([turn["slot"], 0])
        seen = one[0], other[0], many[0][0]
        paid += [one[1], other[1], many[1][0]]
    assert one[2:4] == other[2:4] == (many[2][0], many[3][0])
    assert one[4]["scores"] == other[4]["scores"] == game["scores"][agent]
    assert many[4]["score"][0] == game["scores"][agent]["reward"]
    assert paid == pytest.approx(game["scores"][agent]["reward"], abs=1e-4)
    for environment in (single, text, vector):
        environment.close()


def test_opponents_are_those_of_an_evaluation(tmp_path: Path) -> None:
    """A bot's calls, taken from the log of `agoragym eval` and played from here against the usual opponents, score the same."""
    from agoragym._node import command

    words = ["eval", "sim_economy", "--preset", "short", "--players", "bot:honest", "--seeds", "1", "--out", str(tmp_path)]
    subprocess.run(command(*words), check=True, capture_output=True, timeout=120)
    (log,) = load(tmp_path).rows("steps")
    with Session("sim_economy", preset="short") as session:
        (agent,) = session.live
        view = session.reset(log["header"]["seed"])
        while not view["done"]:
            view = session.step({agent: log["steps"][view["t"]]["decisions"][agent]})
        steps = session.log()["steps"]
    assert steps == log["steps"]


def test_a_child_and_a_server_say_the_same(connect: Callable[[], Client]) -> None:
    game = episode("swarm_economy")
    with Session("swarm_economy", client=connect()) as session:
        view = session.reset(SEED)
        for expected in game["views"]:
            assert view["turns"]["learner"]["text"] == expected["turns"]["learner"]["text"]
            view = session.step({"learner": {"calls": expected["turns"]["learner"]["calls"]}})
        assert view["scores"]["learner"] == game["scores"]["learner"]
