"""The programs of docs/python.md, one after the other as a reader would type them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCK = re.compile(r"^```python no-run: the Python tests run it\n(.*?)^```$", re.M | re.S)


def test_every_program_of_the_page_runs(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "runs").symlink_to(runs)
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text("utf-8")
    found = list(BLOCK.finditer(page))
    assert len(found) >= 7
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in found:
        line = page[: block.start(1)].count("\n")
        exec(compile("\n" * line + block.group(1), str(PAGE), "exec"), names)
