"""``python -m agoragym``: without words, says what was found and plays a game of each economy; with words, the program
``agoragym`` of the wheel with its commands (``python -m agoragym eval swarm_economy --players bot:honest``)."""

from __future__ import annotations

import os
import random
import subprocess
import sys

from ._node import PROGRAM, command, find_node, node_version
from ._version import __version__
from .client import Client, Session
from .errors import AgoragymError


def main(words: list[str] | None = None) -> int:
    """Runs the command line and gives its exit code; 1 with one line on standard error where no Node is found."""
    given = sys.argv[1:] if words is None else words
    try:
        return _program(given) if given else _look()
    except AgoragymError as error:
        print(f"agoragym: {error}", file=sys.stderr)
        return 1


def _program(words: list[str]) -> int:
    line = command(*words)
    if os.name == "posix" and __name__ == "__main__":
        sys.stdout.flush()
        os.execv(line[0], line)
    return subprocess.run(line, check=False).returncode


def _look() -> int:
    node = find_node()
    print(f"agoragym {__version__}, Python {sys.version.split()[0]}")
    print(f"Node {'.'.join(map(str, node_version(node.path)))} ({node.source}): {node.path}")
    print(f"program: {PROGRAM}\n")
    with Client() as client:
        for economy in client.economies:
            with Session(economy["id"], want=["encoded"] if economy["encoded"] else [], client=client) as session:
                print(f"{economy['id']}: {_play(session)}", flush=True)
    return 0


def _play(session: Session, seed: int = 0) -> str:
    """One game of a learner that picks any legal slot of the encoding (or is silent where there is none), in words."""
    seat = session.live[0]
    chance = random.Random(seed)
    view = session.reset(seed)
    total = 0.0
    while not view["done"]:
        mask = view["turns"][seat].get("mask")
        slots = [slot for slot, legal in enumerate(mask or []) if legal]
        view = session.step({seat: {"slot": chance.choice(slots)}} if slots else {})
        total += view["rewards"][seat]
    score = view["scores"][seat]["reward"]
    return f"{seat} played {view['t']} steps of seed {seed} ({view['stop']}), score {score:.4f}, rewards add up to {total:.4f}"


if __name__ == "__main__":
    sys.exit(main())
