"""Verifiers 0.4: every economy as a taskset, with an environment of several live seats and a harness that plays in the process.

A module of its own beside ``agoragym``, because Verifiers finds a taskset by the name of its module::

    vf-eval agoragym-verifiers --env.taskset.economy swarm_economy -m MODEL

Needs the extra ``verifiers``.
"""

from agoragym.errors import optional

optional("verifiers", "verifiers")

from .environment import AgoragymEnv, AgoragymEnvConfig
from .harness import AgoragymHarness, AgoragymHarnessConfig
from .taskset import AgoragymTask, AgoragymTaskset, AgoragymTasksetConfig

__all__ = [
    "AgoragymEnv",
    "AgoragymEnvConfig",
    "AgoragymHarness",
    "AgoragymHarnessConfig",
    "AgoragymTask",
    "AgoragymTaskset",
    "AgoragymTasksetConfig",
]
