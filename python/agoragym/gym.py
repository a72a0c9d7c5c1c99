"""Gymnasium: one seat of an economy, alone (:class:`AgoragymEnv`) or in many games at once (:class:`VectorEnv`).

Importing this module registers every economy of the program as ``agoragym/NAME-v0``::

    import gymnasium, agoragym.gym
    env = gymnasium.make("agoragym/swarm_economy-v0", preset="short")
    envs = gymnasium.make_vec("agoragym/swarm_economy-v0", num_envs=64, vectorization_mode="vector_entry_point")

Actions are the slots of the economy's encoding: a slot means the same at every step, slot 0 does nothing, and
``info["action_mask"]`` says which are legal. One that is not is refused in the game, as any agent's mistake is.
Needs the extra ``gym``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ._node import PROGRAM
from .errors import optional

optional("gymnasium", "gym")
optional("numpy", "gym")

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

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
from .client import Call, Client, Decision, Encoding, Opponents, Reward, Session, View, given, reward_of

Info = dict[str, Any]


class AgoragymEnv(gymnasium.Env[Any, Any]):
    """One seat of one game.

    Observations: ``encoded`` is a Box of float32, a feature of the encoding each (:attr:`encoding` names them); ``text`` is what
    a model reads of its turn. Actions: Discrete, a slot each; :meth:`act` takes free calls of tools instead.

    ``info``: ``action_mask`` (int8, 1 where a slot is legal), ``legal`` (the tools that may be called), ``results`` (what came of
    the last calls), ``t`` (steps of the world so far); after a reset ``seed``; at the end ``stop``, ``scores`` (``reward`` is the
    score that ``agoragym eval`` prints) and ``metrics``.

    ``terminated`` by what happened in the game; ``truncated`` where it reached its planned length.

    Args:
        economy: such as ``swarm_economy``.
        observation: ``encoded`` or ``text``.
        preset, config, opponents, reward, client: as for :class:`agoragym.Session`.
        seat: yours; the learner's by default.
        max_text: characters of the longest text; a longer one is an error that names its length.
        render_mode: ``ansi``, the text of the turn.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(
        self,
        economy: str,
        *,
        observation: Observation = "encoded",
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        seat: str | None = None,
        opponents: Opponents | None = None,
        reward: Reward | Mapping[str, str] = "score",
        max_text: int = MAX_TEXT,
        render_mode: str | None = None,
        client: Client | None = None,
    ) -> None:
        check_observation(observation)
        if render_mode not in (None, "ansi"):
            raise ValueError(f"render_mode: expected None or 'ansi', got {render_mode!r}")
        self.session = Session(
            economy,
            preset=preset,
            config=config,
            live=None if seat is None else [seat],
            opponents=opponents,
            want=["encoded", "text"] if observation == "text" or render_mode == "ansi" else ["encoded"],
            reward=reward,
            log=False,
            client=client,
        )
        self.seat = self.session.live[0]
        #: What each feature and slot means.
        self.encoding: Encoding = encoding_of(economy, self.session.info)
        self.observation_space = UnicodeText(max_text) if observation == "text" else box_of(self.encoding)
        self.action_space = spaces.Discrete(len(self.encoding["slots"]))
        self.render_mode = render_mode
        self._text = ""
        self._mask: NDArray[np.int8] = np.zeros(len(self.encoding["slots"]), np.int8)

    def reset(self, *, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[Any, Info]:
        """Starts a game: of that seed, as ``agoragym eval`` plays it; without one, of a seed drawn from ``np_random``.

        ``options``: ``repeat`` (which repeat of the seed, 0).
        """
        super().reset(seed=seed)
        view = self.session.reset(game_seed(seed, self.np_random), dict(options or {}).get("repeat"))
        observation, info = self._told(view)
        return observation, {**info, "seed": view.get("seed")}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Info]:
        """Plays a slot, everybody else's moves, and on to this seat's next turn."""
        return self._played({"slot": int(action)})

    def act(self, calls: Sequence[Call]) -> tuple[Any, float, bool, bool, Info]:
        """Plays calls of tools instead of a slot; none is silence."""
        return self._played({"calls": calls})

    def action_masks(self) -> NDArray[np.bool_]:
        """Which slots are legal now; what sb3-contrib's MaskablePPO asks for."""
        return self._mask.astype(np.bool_)

    def render(self) -> Any:
        return self._text if self.render_mode == "ansi" else None

    def close(self) -> None:
        self.session.close()

    def _played(self, decision: Decision) -> tuple[Any, float, bool, bool, Info]:
        view = self.session.step({self.seat: decision})
        observation, info = self._told(view)
        return observation, float(view["rewards"][self.seat]), view["terminated"], view["truncated"], info

    def _told(self, view: View) -> tuple[Any, Info]:
        turn = view["turns"][self.seat]
        self._text = turn.get("text", "")
        self._mask = mask_of(turn)
        info: Info = {"action_mask": self._mask, "legal": turn["offered"], "results": turn["results"], "t": view["t"]}
        if view["done"]:
            info |= {"stop": view["stop"], "scores": view["scores"][self.seat], "metrics": view["metrics"][self.seat]}
        if isinstance(self.observation_space, UnicodeText):
            return checked_text(self._text, self.observation_space), info
        return np.array(turn["features"], np.float32), info


class VectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """One seat of many games, in one message a step: numbers only.

    Observations: float32 of shape (num_envs, features). Actions: a slot a game. ``infos``: ``action_mask`` (int8 of shape
    (num_envs, slots)); where a game has ended ``score`` and ``stop``, with ``_score`` and ``_stop`` saying where
    (``player_failed`` and no number where a model that sat opposite failed for good). A game that is over is begun again by the
    next step, which ignores its action and pays 0 (``AutoresetMode.NEXT_STEP``).

    Args:
        num_envs: games.
        economy, preset, config, seat, opponents, reward, client: as for :class:`AgoragymEnv`.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}

    def __init__(
        self,
        num_envs: int,
        economy: str,
        *,
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        seat: str | None = None,
        opponents: Opponents | None = None,
        reward: Reward | Mapping[str, str] = "score",
        client: Client | None = None,
    ) -> None:
        self.games = Games(
            num_envs,
            economy,
            preset=preset,
            config=config,
            live=None if seat is None else [seat],
            opponents=opponents,
            reward=reward,
            client=client,
        )
        self.num_envs = num_envs
        self.encoding = self.games.encoding
        self.single_observation_space = box_of(self.encoding)
        self.single_action_space = spaces.Discrete(len(self.encoding["slots"]))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._mask: NDArray[np.int8] = np.zeros((num_envs, len(self.encoding["slots"])), np.int8)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], Info]:
        """Starts all games. An integer seed gives game i the seed + i; a list one each; without one they are drawn from
        ``np_random``."""
        super().reset(seed=seed if isinstance(seed, int) else None)
        seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int) else seed or [None] * self.num_envs
        if len(seeds) != self.num_envs:
            raise ValueError(f"seed: expected {self.num_envs} seeds, got {len(seeds)}")
        found = self.games.reset([game_seed(one, self.np_random) for one in seeds])
        return found.observation[:, 0], self._infos(found)

    def step(self, actions: Any) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_], Info]:
        """Plays a slot a game; observations (num_envs, features), and (num_envs,) of rewards, terminated and truncated."""
        found = self.games.step(np.asarray(actions).reshape(self.num_envs, 1))
        return found.observation[:, 0], found.reward[:, 0], found.terminated, found.truncated, self._infos(found)

    def action_masks(self) -> NDArray[np.bool_]:
        """Which slots are legal now, of shape (num_envs, slots)."""
        return self._mask.astype(np.bool_)

    def close_extras(self, **kwargs: Any) -> None:
        self.games.close()

    def _infos(self, found: Batch) -> Info:
        self._mask = found.mask[:, 0]
        infos: Info = {"action_mask": self._mask}
        if found.final:
            ended = np.zeros(self.num_envs, np.bool_)
            score = np.zeros(self.num_envs)
            stop = np.full(self.num_envs, None, object)
            for i, final in found.final.items():
                ended[i] = True
                failed = final.get("error")
                score[i] = final["scores"][self.games.live[0]]["reward"] if failed is None else np.nan
                stop[i] = final["stop"] if failed is None else failed["code"]
            infos |= {"score": score, "_score": ended, "stop": stop, "_stop": ended}
        return infos


class Batch:
    """What a vector operation answered, as arrays over its buffers; g games, s live seats in seat order.

    ``observation`` float32 (g, s, features), ``mask`` int8 (g, s, slots), ``reward`` float32 (g, s), ``acting`` bool (g, s),
    ``terminated`` and ``truncated`` bool (g), ``final`` by the index of each game that ended now: ``{seed, stop,
    scores}``, or ``{seed, error}`` where another player failed for good.
    """

    def __init__(self, header: Mapping[str, Any], buffers: Sequence[bytearray], games: int, seats: int) -> None:
        found = {
            part["name"]: np.frombuffer(buffer, np.dtype(part["dtype"])).reshape(part["shape"])
            for part, buffer in zip(header["buffers"], buffers, strict=True)
        }
        self.observation: NDArray[np.float32] = found["observation"].reshape(games, seats, -1)
        self.mask: NDArray[np.int8] = found["mask"].view(np.int8).reshape(games, seats, -1)
        self.reward: NDArray[np.float32] = found["reward"].reshape(games, seats)
        self.acting: NDArray[np.bool_] = found["acting"].view(np.bool_).reshape(games, seats)
        self.terminated: NDArray[np.bool_] = found["terminated"].view(np.bool_)
        self.truncated: NDArray[np.bool_] = found["truncated"].view(np.bool_)
        self.final: dict[int, dict[str, Any]] = {int(i): final for i, final in header.get("final", {}).items()}


class Games:
    """Many games of one kind with any number of live seats, by the wire's vector operations."""

    def __init__(
        self,
        n: int,
        economy: str,
        *,
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        live: Sequence[str] | str | None = None,
        opponents: Opponents | None = None,
        reward: Reward | Mapping[str, str] = "score",
        client: Client | None = None,
    ) -> None:
        self.client = client or Client.shared()
        self.n = n
        self.info = self.client.request(
            "vmake",
            env=economy,
            n=n,
            reward=reward_of(reward),
            **given(preset=preset, config=config, live=live, opponents=opponents),
        )
        self.live: list[str] = self.info["live"]
        self.encoding = encoding_of(economy, self.info)
        self._closed = False

    def reset(self, seeds: Sequence[int]) -> Batch:
        """Starts game i on seed i."""
        return self._ask("vreset", seeds=list(seeds))

    def step(self, slots: NDArray[Any]) -> Batch:
        """Plays a slot a game and seat (shape (g, s)); those of seats that may not act are ignored."""
        return self._ask("vstep", actions=slots.reshape(-1).tolist())

    def close(self) -> None:
        if not self._closed and self.client.ended is None:
            self._closed = True
            self.client.send("vclose", v=self.info["v"])

    def _ask(self, op: str, **fields: Any) -> Batch:
        header, buffers = self.client.send(op, v=self.info["v"], **fields).result()
        return Batch(header, buffers, self.n, len(self.live))


def register(economy: str) -> None:
    """Registers an economy as ``agoragym/NAME-v0``: one of a server at ``AGORAGYM_URL``, say. Those of this package are."""
    name = f"agoragym/{economy}-v0"
    if name not in gymnasium.registry:
        gymnasium.register(
            name,
            entry_point="agoragym.gym:AgoragymEnv",
            vector_entry_point="agoragym.gym:VectorEnv",
            kwargs={"economy": economy},
        )


def shipped() -> list[str]:
    """The economies of the program that this package brings."""
    found = json.loads((PROGRAM.parent / "economies.json").read_text("utf-8"))
    return [cast("str", economy["id"]) for economy in found]


for _economy in shipped():
    register(_economy)
