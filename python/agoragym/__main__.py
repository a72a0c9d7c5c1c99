"""``python -m agoragym``: without words, says what was found and plays a game of each economy; with words, the program
``agoragym`` of the wheel with its commands (``python -m agoragym eval swarm_economy --players bot:honest``)."""

from __future__ import annotations

import os
import subprocess
import sys

from ._node import PROGRAM, command, find_node, node_version
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
    from . import __version__

    node = find_node()
    print(f"agoragym {__version__}, Python {sys.version.split()[0]}")
    print(f"Node {'.'.join(map(str, node_version(node.path)))} ({node.source}): {node.path}")
    print(f"program: {PROGRAM}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
