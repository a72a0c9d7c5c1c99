"""What the tests share: runs written by the program of the wheel, once a session."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agoragym._node import command


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs of two scripted players."""
    folder = tmp_path_factory.mktemp("runs")
    words = command("eval", "swarm_economy", "--preset", "short", "--players", "bot:honest,random", "--seeds", "2", "--out", ".")
    subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True, timeout=120)
    return folder
