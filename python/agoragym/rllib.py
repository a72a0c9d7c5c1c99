"""RLlib: economies as registered multi-agent environments.

::

    from agoragym.rllib import register
    name = register("swarm_economy")                       # "agoragym/swarm_economy"
    config = PPOConfig().environment(name, env_config={"preset": "short"})

Each environment runner is a process of its own and starts one child, whatever the number of its environments; with
``AGORAGYM_URL`` they share a server. Needs the extra ``rllib``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import optional
from .pettingzoo import parallel_env


def create(economy: str, env_config: Mapping[str, Any] | None = None) -> Any:
    """RLlib's ``ParallelPettingZooEnv`` over :func:`agoragym.pettingzoo.parallel_env`; ``env_config`` are its options."""
    wrapper = optional("ray.rllib.env.wrappers.pettingzoo_env", "rllib")
    return wrapper.ParallelPettingZooEnv(parallel_env(economy, **dict(env_config or {})))


def register(economy: str) -> str:
    """Registers an economy with Ray as ``agoragym/NAME``, and gives that name."""
    name = f"agoragym/{economy}"
    optional("ray.tune", "rllib").register_env(name, lambda env_config: create(economy, env_config))
    return name
