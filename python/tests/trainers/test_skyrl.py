"""SkyRL-gym: its registry makes our environment, and a game of text is the game that messages play."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import skyrl_gym

import agoragym.skyrl
from agoragym import AgoragymError, Session


def action(n: int) -> str:
    """The n-th answer: a call, two calls, none, a wrong tool, and what is no JSON."""
    return [
        'I work. <action>{"tool": "job", "args": {}}</action>',
        '<action>{"tool": "mine"}</action><action>{"tool": "mine"}</action>',
        "I wait.",
        '<action>{"tool": "nonsense", "args": {}}</action>',
        "<action>mine</action>",
    ][n % 5]


def game(seed: int, **row: Any) -> tuple[float, list[str], dict[str, Any]]:
    """The sum of the rewards, everything told, and the metadata of the last step."""
    env = skyrl_gym.make("agoragym", env_config={}, extras={"economy": "sim_economy", "preset": "short", "seed": seed, **row})
    told, info = env.init([])
    assert info == {"seed": seed}
    texts = [message["content"] for message in told]
    total = 0.0
    for n in range(1000):
        step = env.step(action(n))
        total += step["reward"]
        texts += [message["content"] for message in step["observations"]]
        if step["done"]:
            break
    env.close()
    return total, texts, step["metadata"]


def test_the_rewards_add_up_to_the_score_of_the_same_messages() -> None:
    total, texts, metadata = game(7)
    assert total == pytest.approx(metadata["scores"]["reward"], abs=1e-12)
    with Session("sim_economy", preset="short", want=["messages"]) as session:
        view: Any = session.reset(7)
        seat = session.live[0]
        told = view["told"][seat]
        heard = [message["content"] for message in told]
        n = 0
        while not view.get("done"):
            calls = [agoragym.skyrl._call(written) for written in agoragym.skyrl._ACTION.findall(action(n))]
            said: Any = {"content": action(n), "tool_calls": [{"id": f"c{n}_{i}", **call} for i, call in enumerate(calls)]}
            view = session.say({seat: said})
            heard += [message["content"] for message in view["told"].get(seat, [])]
            n += 1
        assert view["scores"][seat]["reward"] == metadata["scores"]["reward"]
    # Everything that is told in messages stands in the text, in order.
    text = "\n".join(texts)
    at = 0
    for message in heard[: -1 if metadata["stop"] else None]:
        at = text.index(message, at)
    assert '"name"' not in texts[0] and "- job:" in texts[0]


def test_threads_play_at_once_and_alike() -> None:
    """SkyRL calls environments from a pool of threads."""
    played: dict[int, float] = {}

    def play(n: int) -> None:
        played[n] = game(n % 2)[0]

    threads = [threading.Thread(target=play, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(played) == 6
    assert {n: played[n] == played[n % 2] for n in played} == dict.fromkeys(played, True)


def test_a_limit_of_turns_ends_the_game_with_the_score_so_far() -> None:
    env = skyrl_gym.make("agoragym", env_config={"economy": "swarm_economy"}, extras={"extra_info": {"seed": 1}, "max_turns": 2})
    env.init([])
    assert not env.step(json.dumps("hello"))["done"]
    assert env.step("again")["done"]
    env.close()


def test_what_a_row_lacks_is_named() -> None:
    with pytest.raises(AgoragymError, match="the row does not say its economy and seed"):
        skyrl_gym.make("agoragym", env_config={}, extras={})
