"""What the tests of servers share: the program of the wheel as a server, and how a whole game is played without thinking."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agoragym._node import command

#: By economy: what is called in every turn. The preset is each economy's first.
MOVES: dict[str, tuple[str, dict[str, Any]]] = {
    "sim_economy": ("mine", {}),
    "swarm_economy": ("pass_turn", {}),
    "spatial_planning": ("end_turn", {}),
    "mars_colony": ("choose_action", {"action": "resting"}),
}


def run_page(library: str, url: str) -> None:
    """Runs the program of docs/serve.md for a library, against a server at that URL."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "serve.md").read_text("utf-8")
    block = re.search(rf"^```python no-run: needs a server and {library}\n(.*?)^```$", page, re.M | re.S)
    assert block is not None
    exec(compile(block.group(1).replace("http://127.0.0.1:8000", url), "docs/serve.md", "exec"), {"__name__": "__main__"})


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """A server of the wheel's program on a free port; gives its URL."""
    words = command("serve", "--port", "0", "--json", *options)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the server ended at once"
        try:
            yield json.loads(line)["url"]
        finally:
            process.terminate()
            assert process.wait(timeout=15) == 0


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """A server of all economies, with swarm_economy at the root."""
    with serving("--env", "swarm_economy") as base:
        yield base
