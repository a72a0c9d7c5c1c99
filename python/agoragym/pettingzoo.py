"""PettingZoo: all seats of an economy that are no resident's, or those that are named, as a parallel or an AEC environment.

::

    from agoragym.pettingzoo import env, parallel_env
    game = parallel_env("sim_economy", preset="short")

Every live seat is an agent until the game is over. One that may not act now has a mask that allows slot 0 alone, and its action
is ignored. Needs the extra ``pettingzoo``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .errors import AgoragymError, optional

optional("pettingzoo", "pettingzoo")

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from pettingzoo import AECEnv, ParallelEnv
from pettingzoo.utils.conversions import parallel_to_aec

from ._encoding import (
    MAX_TEXT,
    Observation,
    UnicodeText,
    box_of,
    check_observation,
    checked_text,
    encoding_of,
    game_seed,
    mask_of,
)
from .client import Client, Encoding, Opponents, Reward, Session, View
from .gym import Batch, Games

Info = dict[str, Any]
Infos = dict[str, Info]


class AgoragymParallelEnv(ParallelEnv[str, Any, Any]):  # type: ignore[misc]
    """Several seats of one game at once.

    Observations: a dictionary with ``action_mask`` (int8, 1 where a slot is legal) and, ``encoded``, ``observation`` (float32, a
    feature each) or, ``text``, ``text`` (what a model reads of its turn; before its first turn, nothing). Actions: Discrete, a
    slot each. ``infos``: ``acting``; with ``text`` also ``legal``, ``results`` and ``t``; at the end ``stop`` and ``scores``.

    Args:
        economy, preset, config, opponents, reward, client: as for :class:`agoragym.Session`.
        observation: ``encoded`` or ``text``.
        live: the seats that are agents: by default ``all`` that are no resident's.
        max_text: characters of the longest text.
        render_mode: ``ansi``, the texts of the agents that act (with ``observation="text"``).
    """

    metadata: dict[str, Any] = {"name": "agoragym", "render_modes": ["ansi"], "is_parallelizable": True}

    def __init__(
        self,
        economy: str,
        *,
        observation: Observation = "encoded",
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        live: Sequence[str] | Literal["all"] = "all",
        opponents: Opponents | None = None,
        reward: Reward | Mapping[str, str] = "score",
        max_text: int = MAX_TEXT,
        render_mode: str | None = None,
        client: Client | None = None,
    ) -> None:
        check_observation(observation)
        self.metadata = {**type(self).metadata, "name": f"agoragym_{economy}"}
        self.render_mode = render_mode
        kind: dict[str, Any] = {"preset": preset, "config": config, "live": live, "opponents": opponents, "reward": reward}
        self._play: _Texts | _Numbers
        if observation == "text":
            self._play = _Texts(Session(economy, want=["encoded", "text"], log=False, client=client, **kind), economy, max_text)
        else:
            self._play = _Numbers(Games(1, economy, client=client, **kind))
        #: What each feature and slot means.
        self.encoding: Encoding = self._play.encoding
        self.possible_agents = list(self._play.live)
        self.agents: list[str] = []
        slots = len(self.encoding["slots"])
        mask = spaces.Box(0, 1, (slots,), np.int8)
        self._observation_spaces = {a: spaces.Dict({**self._play.space(), "action_mask": mask}) for a in self.possible_agents}
        self._action_spaces = {agent: spaces.Discrete(slots) for agent in self.possible_agents}
        self._random = seeding.np_random(None)[0]

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self._observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self._action_spaces[agent]

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], Infos]:
        """Starts a game: of that seed, as ``agoragym eval`` plays it; without one, of a seed drawn from the last one's stream."""
        if seed is not None:
            self._random = seeding.np_random(seed)[0]
        self.agents = list(self.possible_agents)
        observations, _, _, _, infos = self._play.reset(game_seed(seed, self._random))
        return observations, infos

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Plays the slots of the agents that may act; who is left out is silent."""
        observations, rewards, terminated, truncated, infos = self._play.step(actions)
        agents = self.agents
        if terminated or truncated:
            self.agents = []
        return observations, rewards, dict.fromkeys(agents, terminated), dict.fromkeys(agents, truncated), infos

    def render(self) -> str | None:
        return self._play.text if self.render_mode == "ansi" else None

    def close(self) -> None:
        self._play.close()


Told = tuple[dict[str, Any], dict[str, float], bool, bool, Infos]


class _Numbers:
    """Encoded observations, by the vector operations: a game of one row a seat."""

    text = ""

    def __init__(self, games: Games) -> None:
        self.games = games
        self.live = games.live
        self.encoding = games.encoding

    def space(self) -> dict[str, spaces.Space[Any]]:
        return {"observation": box_of(self.encoding)}

    def reset(self, seed: int) -> Told:
        return self._told(self.games.reset([seed]))

    def step(self, actions: Mapping[str, Any]) -> Told:
        return self._told(self.games.step(np.array([[int(actions.get(agent, 0)) for agent in self.live]])))

    def close(self) -> None:
        self.games.close()

    def _told(self, found: Batch) -> Told:
        rows = list(enumerate(self.live))
        observations = {a: {"observation": found.observation[0, i], "action_mask": found.mask[0, i]} for i, a in rows}
        infos: Infos = {agent: {"acting": bool(found.acting[0, i])} for i, agent in rows}
        if found.final:
            failed = found.final[0].get("error")
            if failed is not None:
                raise AgoragymError(failed["code"], failed["message"])
            for agent, info in infos.items():
                info |= {"stop": found.final[0]["stop"], "scores": found.final[0]["scores"][agent]}
        rewards = {agent: float(found.reward[0, i]) for i, agent in rows}
        return observations, rewards, bool(found.terminated[0]), bool(found.truncated[0]), infos


class _Texts:
    """Texts with masks, by a session."""

    def __init__(self, session: Session, economy: str, max_text: int) -> None:
        self.session = session
        self.live = session.live
        self.encoding = encoding_of(economy, session.info)
        self._space = UnicodeText(max_text)
        self._texts: dict[str, str] = {}
        self._acting: list[str] = []

    @property
    def text(self) -> str:
        return "\n\n".join(f"# {agent}\n{self._texts[agent]}" for agent in self._acting)

    def space(self) -> dict[str, spaces.Space[Any]]:
        return {"text": self._space}

    def reset(self, seed: int) -> Told:
        self._texts = dict.fromkeys(self.live, "")
        return self._told(self.session.reset(seed))

    def step(self, actions: Mapping[str, Any]) -> Told:
        decisions = {agent: {"slot": int(actions[agent])} for agent in self._acting if agent in actions}
        return self._told(self.session.step(decisions))  # type: ignore[arg-type]

    def close(self) -> None:
        self.session.close()

    def _told(self, view: View) -> Told:
        self._acting = view["acting"]
        nothing = np.zeros(len(self.encoding["slots"]), np.int8)
        nothing[0] = 1
        observations = {}
        infos: Infos = {}
        for agent in self.live:
            turn = view["turns"].get(agent)
            if turn is not None:
                self._texts[agent] = checked_text(turn["text"], self._space)
            observations[agent] = {
                "text": self._texts[agent],
                "action_mask": nothing.copy() if turn is None else mask_of(turn),
            }
            infos[agent] = {"acting": agent in self._acting, "t": view["t"]}
            if turn is not None:
                infos[agent] |= {"legal": turn["offered"], "results": turn["results"]}
            if view["done"]:
                infos[agent] |= {"stop": view["stop"], "scores": view["scores"][agent], "metrics": view["metrics"][agent]}
        return observations, view["rewards"], view["terminated"], view["truncated"], infos


def parallel_env(economy: str, **options: Any) -> AgoragymParallelEnv:
    """A parallel environment; options as for :class:`AgoragymParallelEnv`."""
    return AgoragymParallelEnv(economy, **options)


def env(economy: str, **options: Any) -> AECEnv[str, Any, Any]:
    """The same in turns: agents choose one after the other in seat order, and the world moves when all have."""
    return parallel_to_aec(parallel_env(economy, **options))
