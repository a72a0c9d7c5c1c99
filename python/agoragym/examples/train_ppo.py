"""Trains a policy on one seat of an economy with masked PPO, by the slots of its encoding, on a CPU in minutes.

::

    pip install "agoragym[ppo]"
    python -m agoragym.examples.train_ppo swarm_economy --steps 300000 --out ppo-swarm
    python -m agoragym.examples.train_ppo --serve ppo-swarm/policy.zip --port 8100
    python -m agoragym eval swarm_economy --players policy:http://127.0.0.1:8100,bot:honest --seeds 200

The library is Stable-Baselines3 with the MaskablePPO of sb3-contrib. The reward is how much the seat's own score changed
(``delta``), so that a game's rewards add up to the score that ``agoragym eval`` prints less its value at reset. Training plays
the seeds from a million on and the curve is drawn on 200 seeds from half a million on: all seeds below are held out. Writes
``policy.zip``, ``curve.csv``, ``curve.svg`` and ``run.json`` (arguments and versions) to the folder.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agoragym.errors import optional

for _module in ("torch", "stable_baselines3", "sb3_contrib"):
    optional(_module, "ppo")

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv, VecNormalize
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from agoragym.gym import VectorEnv

#: Where the seeds of training and of the curve begin.
TRAINING_SEEDS = 1_000_000
CURVE_SEEDS = 500_000
#: Games a point of the curve is the mean of.
CURVE_GAMES = 200


class SlotVecEnv(VecEnv):
    """:class:`agoragym.gym.VectorEnv` as Stable-Baselines3 wants it.

    The last observation of a game is a step of its own, in which slot 0 alone is legal: the game counts as ended with the
    step after it, which begins the next one and pays 0. So nothing has to be reset out of turn, and what a learner is
    taught of that step is that no reward follows.
    """

    render_mode: str | None = None

    def __init__(self, games: VectorEnv, first_seed: int) -> None:
        super().__init__(games.num_envs, games.single_observation_space, games.single_action_space)
        self.games = games
        self.first_seed = first_seed
        #: Scores of the games that have ended.
        self.scores: list[float] = []
        self._over = np.zeros(games.num_envs, np.bool_)
        self._actions: NDArray[Any] = np.zeros(games.num_envs, np.int64)

    def reset(self) -> NDArray[np.float32]:
        self._over[:] = False
        return self.games.reset(seed=self.first_seed)[0]

    def step_async(self, actions: NDArray[Any]) -> None:
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        observation, reward, terminated, truncated, infos = self.games.step(self._actions)
        done, self._over = self._over, terminated | truncated
        self.scores += [float(score) for score in infos["score"][self._over]] if self._over.any() else []
        # What a finished game's next step shows is the next game; the step before it showed the last of the old one.
        told: list[dict[str, Any]] = [{"terminal_observation": observation[i]} if done[i] else {} for i in range(self.num_envs)]
        return observation, reward.astype(np.float32), done.copy(), told

    def action_masks(self) -> NDArray[np.bool_]:
        return self.games.action_masks()

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        return list(getattr(self, method_name)(*method_args, **method_kwargs))

    def has_attr(self, attr_name: str) -> bool:
        return hasattr(self, attr_name)

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self, attr_name)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self, attr_name, value)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs

    def close(self) -> None:
        self.games.close()


class Standardised(BaseFeaturesExtractor):
    """Features less their mean, over their standard deviation; both are of random legal play, and saved with the policy."""

    def __init__(self, observation_space: gymnasium.spaces.Box, mean: list[float], deviation: list[float]) -> None:
        super().__init__(observation_space, features_dim=len(mean))
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return torch.clamp((observations - self.mean) / self.deviation, -5, 5)


def spread(games: VectorEnv, steps: int, random: np.random.Generator) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of every feature in so many steps of random legal play."""
    seen = [games.reset(seed=TRAINING_SEEDS)[0]]
    for _ in range(steps):
        chosen = [random.choice(np.flatnonzero(mask)) for mask in games.action_masks()]
        seen.append(games.step(np.array(chosen))[0])
    table = np.concatenate(seen)
    return table.mean(axis=0).tolist(), np.maximum(table.std(axis=0), 0.05).tolist()


def play(model: MaskablePPO, games: VectorEnv, seed: int) -> NDArray[np.float64]:
    """The scores of one game per seed from that on, by the likeliest slot each time."""
    observation, _ = games.reset(seed=seed)
    scores = np.full(games.num_envs, np.nan)
    while np.isnan(scores).any():
        slots, _ = model.predict(observation, action_masks=games.action_masks(), deterministic=True)
        observation, _, _, _, infos = games.step(slots)
        if "_score" in infos:
            # Later games of the same place are not counted.
            scores = np.where(np.isnan(scores) & infos["_score"], infos["score"], scores)
    return scores


class Curve(BaseCallback):
    """Writes a row of the curve every so many updates: the score on games that are not trained on."""

    def __init__(self, games: VectorEnv, path: Path, every: int) -> None:
        super().__init__()
        self.games = games
        self.path = path
        self.every = every
        self.rows: list[dict[str, float]] = []
        self._updates = 0
        self._began = time.monotonic()

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self._updates % self.every == 0:
            self.measure()
        self._updates += 1

    def measure(self) -> None:
        scores = play(self.model, self.games, CURVE_SEEDS)
        row = {
            "steps": self.num_timesteps,
            "score": float(scores.mean()),
            "standard_error": float(scores.std(ddof=1) / len(scores) ** 0.5),
            "seconds": time.monotonic() - self._began,
        }
        self.rows.append(row)
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            writer.writeheader()
            for each in self.rows:
                # Counts whole, measures to six digits.
                writer.writerow({name: f"{value:.6g}" if isinstance(value, float) else value for name, value in each.items()})
        print(
            f"{row['steps']:>9} steps  score {row['score']:.4f} ± {row['standard_error']:.4f}  {row['seconds']:.0f} s", flush=True
        )


def svg(rows: Sequence[dict[str, float]], title: str) -> str:
    """The curve as a picture: the mean, and a band of two standard errors."""
    width, height, left, bottom = 640, 320, 56, 40
    most = max(row["steps"] for row in rows) or 1
    low = min(row["score"] - 2 * row["standard_error"] for row in rows)
    high = max(row["score"] + 2 * row["standard_error"] for row in rows)
    room = max(high - low, 1e-6)

    def at(steps: float, score: float) -> str:
        x = left + (width - left - 16) * steps / most
        y = 32 + (height - bottom - 32) * (1 - (score - low) / room)
        return f"{x:.1f},{y:.1f}"

    upper = [at(row["steps"], row["score"] + 2 * row["standard_error"]) for row in rows]
    lower = [at(row["steps"], row["score"] - 2 * row["standard_error"]) for row in reversed(rows)]
    line = [at(row["steps"], row["score"]) for row in rows]
    ticks = [low + room * i / 4 for i in range(5)]
    labels = "".join(
        f'<text x="{left - 6}" y="{float(at(0, tick).split(",")[1]) + 4:.1f}" text-anchor="end">{tick:.2f}</text>'
        for tick in ticks
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f"<title>{title}: mean score by decisions</title>"
        f'<rect width="{width}" height="{height}" fill="white"/><text x="{left}" y="18" font-size="14">{title}</text>{labels}'
        f'<text x="{left}" y="{height - 12}">0</text>'
        f'<text x="{width - 16}" y="{height - 12}" text-anchor="end">{most:.0f} steps</text>'
        f'<polygon points="{" ".join(upper + lower)}" fill="#9ecae1" opacity="0.6"/>'
        f'<polyline points="{" ".join(line)}" fill="none" stroke="#08519c" stroke-width="2"/></svg>\n'
    )


def train(options: argparse.Namespace) -> None:
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    made: dict[str, Any] = {"preset": options.preset, "opponents": options.opponents, "reward": "delta"}
    games = VectorEnv(options.envs, options.economy, **made)
    mean, deviation = spread(games, 100, np.random.default_rng(options.seed))
    environment = SlotVecEnv(games, TRAINING_SEEDS)
    model = MaskablePPO(
        "MlpPolicy",
        VecNormalize(environment, norm_obs=False, gamma=options.gamma),
        n_steps=options.rollout,
        batch_size=options.envs * options.rollout // 8,
        n_epochs=options.epochs,
        learning_rate=lambda left: options.learning_rate * left,
        gamma=options.gamma,
        gae_lambda=0.95,
        ent_coef=options.entropy,
        seed=options.seed,
        device="cpu",
        policy_kwargs={
            "net_arch": [128, 128],
            "features_extractor_class": Standardised,
            "features_extractor_kwargs": {"mean": mean, "deviation": deviation},
        },
    )
    curve = Curve(VectorEnv(CURVE_GAMES, options.economy, **made), folder / "curve.csv", options.curve_every)
    model.learn(options.steps, callback=curve)
    curve.measure()
    model.save(folder / "policy.zip")
    (folder / "curve.svg").write_text(svg(curve.rows, f"{options.economy} {options.preset or ''}".strip()), "utf-8")
    packages = ("agoragym", "stable-baselines3", "sb3-contrib", "torch", "gymnasium", "numpy")
    about = {
        "arguments": vars(options),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "games": len(environment.scores),
        "steps": model.num_timesteps,
    }
    (folder / "run.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    games.close()
    curve.games.close()


def serve(options: argparse.Namespace) -> None:
    """Serves a trained policy until it is interrupted."""
    from agoragym.policy_server import sb3_policy, serve_policy

    torch.set_num_threads(1)
    model = MaskablePPO.load(options.serve, device="cpu")
    with serve_policy(sb3_policy(model), port=options.port, name=Path(options.serve).parent.name) as server:
        print(server.player, flush=True)
        server.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m agoragym.examples.train_ppo", description="Masked PPO on one seat of an economy."
    )
    parser.add_argument("economy", nargs="?", default="swarm_economy")
    parser.add_argument("--preset", help="the economy's first by default")
    parser.add_argument("--opponents", help="players opposite, as in `agoragym eval`; the usual ones by default")
    parser.add_argument("--steps", type=int, default=300_000, help="decisions to train on (%(default)s)")
    parser.add_argument("--out", default="ppo", help="folder to write to (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the network and its choices (%(default)s)")
    parser.add_argument("--envs", type=int, default=64, help="games at once (%(default)s)")
    parser.add_argument("--rollout", type=int, default=64, help="decisions a game between two updates (%(default)s)")
    parser.add_argument("--epochs", type=int, default=6, help="times each decision is learnt from (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=7e-4, help="at first; it falls to 0 (%(default)s)")
    parser.add_argument("--gamma", type=float, default=0.997, help="discount of a step (%(default)s)")
    parser.add_argument("--entropy", type=float, default=0.01, help="weight of the policy's entropy (%(default)s)")
    parser.add_argument("--curve-every", type=int, default=5, help="updates between two points of the curve (%(default)s)")
    parser.add_argument("--serve", metavar="POLICY", help="serves this policy instead of training one")
    parser.add_argument("--port", type=int, default=0, help="where to serve it; 0 is any free port")
    options = parser.parse_args(arguments)
    if options.serve:
        serve(options)
    else:
        train(options)


if __name__ == "__main__":
    main()
