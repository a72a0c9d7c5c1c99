"""A game to tell by its score."""

from __future__ import annotations

from typing import Any

from agoragym import Client, Session

SHORT: dict[str, Any] = {"economy": "swarm_economy", "preset": "short", "want": []}


def play(client: Client, seed: int = 1) -> float:
    """The score of a silent game."""
    with Session(**SHORT, client=client) as session:
        view = session.reset(seed)
        while not view["done"]:
            view = session.step({})
        return float(view["scores"][session.live[0]]["reward"] or 0.0)
