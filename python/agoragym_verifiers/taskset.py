"""The tasks: seeds of an economy. Knows no game in progress."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import verifiers.v1 as vf
from pydantic import Field


class AgoragymTaskData(vf.TaskData):
    """A world to be played: an economy, its configuration and a seed."""

    economy: str
    preset: str | None = None
    """A named configuration; the economy's first where it is None."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Fields set beside the preset's."""
    seed: int
    seat: str | None = None
    """The seat that a trace is of; None for the task itself, which all its seats share."""
    tools: list[dict[str, Any]] = Field(default_factory=list)
    """The seat's tools: `name`, `description`, `parameters`."""


class AgoragymTasksetConfig(vf.TasksetConfig):
    """Which economy, and which of its worlds."""

    economy: str = "swarm_economy"
    preset: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    first_seed: int = Field(0, ge=0)
    """The seed of the first task; the others follow."""
    seeds: int | None = Field(None, ge=1)
    """Tasks there are; None for as many as are asked for."""


class AgoragymTask(vf.Task[AgoragymTaskData]):
    """One seed."""

    @property
    def key(self) -> str:
        """The same for the same world, wherever it stands in a taskset."""
        data = self.data
        return f"{data.economy}|{data.preset or ''}|{json.dumps(data.settings, sort_keys=True)}|{data.seed}"


class AgoragymTaskset(vf.Taskset[AgoragymTask, AgoragymTasksetConfig]):
    """The seeds of one economy, in order, without an end unless `seeds` sets one."""

    INFINITE = True

    def load(self) -> Iterator[AgoragymTask]:
        config = self.config
        first = config.first_seed
        for seed in itertools.count(first) if config.seeds is None else range(first, first + config.seeds):
            data = AgoragymTaskData(
                name=f"{config.economy} seed {seed}",
                economy=config.economy,
                preset=config.preset,
                settings=config.settings,
                seed=seed,
            )
            yield AgoragymTask(data, config.task)
