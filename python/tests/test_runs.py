"""`agoragym.load`: every field of every line of a run is in a frame, in both libraries."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import agoragym
from agoragym._node import command
from agoragym.stored import unpack

LIBRARIES = ("pandas", "polars")


def records(frame: Any) -> list[dict[str, Any]]:
    """A frame's rows, without the cells that are missing."""
    rows = frame.to_dicts() if hasattr(frame, "to_dicts") else frame.to_dict("records")
    return [{k: v for k, v in row.items() if v is not None and not (isinstance(v, float) and math.isnan(v))} for row in rows]


def lines(run: Path, kind: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "run"} for row in agoragym.load(run).rows(kind)]


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """What stands in a line, by path, lists whole; independent of how the package flattens."""
    if isinstance(value, dict):
        return {k: v for name, inner in value.items() for k, v in leaves(inner, f"{path}.{name}" if path else name).items()}
    return {} if value is None else {path: value}


def same(cell: Any, value: Any) -> bool:
    return bool(cell == value) or (isinstance(cell, str) and bool(json.loads(cell) == value))


@pytest.mark.parametrize("library", LIBRARIES)
def test_no_field_of_a_result_is_lost(runs: Path, library: Any) -> None:
    loaded = agoragym.load(runs, library)
    rows = records(loaded.results)
    found = [(run.name, line) for run in loaded.runs for line in lines(run, "results")]
    assert len(rows) == len(found) == 4
    for row, (name, line) in zip(rows, found, strict=True):
        assert row.pop("run") == name
        wanted = leaves(line)
        assert row.keys() == wanted.keys()
        assert all(same(row[path], value) for path, value in wanted.items())


@pytest.mark.parametrize("library", LIBRARIES)
def test_steps_seats_and_events_make_the_log_again(tmp_path: Path, runs: Path, library: Any) -> None:
    shutil.copytree(runs, tmp_path / "runs")
    # Nobody was refused in these; here somebody is.
    with agoragym.Session("swarm_economy", preset="short") as session:
        session.reset(1)
        session.step({"learner": {"calls": [{"tool": "nonsense", "args": {"a": [1]}}, {"tool": "pass_turn"}]}})
        session.stop()
        log = session.log()
    # A run of before the format had a version holds its logs as they are.
    older = tmp_path / "runs" / "older"
    older.mkdir()
    shutil.copy(next((tmp_path / "runs").glob("*/metadata.json")), older)
    (older / "steps.jsonl").write_text(json.dumps({"key": "refused", **log}) + "\n", "utf-8")
    loaded = agoragym.load(tmp_path / "runs", library)
    steps, events, episodes = (records(frame) for frame in (loaded.steps, loaded.events, loaded.episodes))
    logs = [(run.name, line) for run in loaded.runs for line in lines(run, "steps")]
    assert any(step["refused"] for _, log in logs for step in log["steps"])
    assert len(episodes) == len(logs) == 5
    for (name, log), head in zip(logs, episodes, strict=True):
        assert head["length"] == len(log["steps"])
        assert head["stop"] == log["stop"]
        assert all(head[f"header.{path}"] is not None for path in leaves(log["header"]))
        mine = [row for row in steps if row["run"] == name and row["key"] == log["key"]]
        told = [row for row in events if row["run"] == name and row["key"] == log["key"]]
        for step in log["steps"]:
            rows = {row["agent"]: row for row in mine if row["t"] == step["t"]}
            assert {a: r["reward"] for a, r in rows.items()} == step["rewards"]
            assert {a: json.loads(r["calls"]) for a, r in rows.items() if r["acted"]} == {
                a: d["calls"] for a, d in step["decisions"].items()
            }
            assert {a: json.loads(r["results"]) for a, r in rows.items() if a in step["results"]} == step["results"]
            refused = [one for row in rows.values() for one in json.loads(row["refused"])]
            assert sorted(map(str, refused)) == sorted(map(str, step["refused"]))
            assert {row.get("done", False) for row in rows.values()} == {step["done"]}
            assert [json.loads(row["event"]) for row in told if row["t"] == step["t"]] == step["events"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_calls_of_a_model_keep_every_field(tmp_path: Path, runs: Path, library: Any) -> None:
    run = tmp_path / "model"
    shutil.copytree(next(path for path in runs.iterdir() if path.is_dir()), run)
    call = {
        "key": "k",
        "agent": "learner",
        "t": 0,
        "call": 0,
        "cost": None,
        "usage": {"output": 3, "output_reasoning": None},
    }
    reply = {"content": "a", "tool_calls": [{"id": "1"}], "finish_reason": "stop", "token_ids": [1, 2]}
    # A field that is a text in one row and a number in another, and one that only a later row has.
    rows = [{**call, "reply": reply, "extra": "x"}, {**call, "call": 1, "reply": reply, "extra": 7, "cached": True}]
    (run / "calls.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    cells = records(agoragym.load(run, library).calls)
    for cell, row in zip(cells, rows, strict=True):
        assert cell.pop("run") == "model"
        wanted = leaves(row)
        assert cell.keys() == wanted.keys()
        assert all(same(cell[path], value) for path, value in wanted.items())


def test_a_torn_line_is_counted_and_warned_of(tmp_path: Path, runs: Path) -> None:
    run = tmp_path / "torn"
    shutil.copytree(next(path for path in runs.iterdir() if path.is_dir()), run)
    # What has no line end is torn and was never finished; what has one was understood by nobody.
    with (run / "rollouts.jsonl").open("a") as file:
        file.write('{"key": "cut\n{"key": "torn')
    loaded = agoragym.load(run)
    with pytest.warns(UserWarning, match=r"rollouts\.jsonl: 1 lines are no JSON objects"):
        assert len(loaded.results) == 2
    assert list(loaded.unread.values()) == [1]


@pytest.mark.parametrize(("form", "suffix"), [("gzip", ".gz"), ("brotli", ".br")])
def test_compressed_runs_say_the_same_and_a_torn_end_is_left_out(tmp_path: Path, runs: Path, form: str, suffix: str) -> None:
    options = ("--preset", "short", "--players", "bot:honest,random", "--seeds", "2")
    words = command("eval", "swarm_economy", *options, "--compress", form, "--out", ".")
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=120)
    plain, packed = agoragym.load(runs), agoragym.load(tmp_path)
    assert [run.name for run in plain.runs] == [run.name for run in packed.runs]
    for one, other in zip(plain.runs, packed.runs, strict=True):
        assert lines(one, "steps") == lines(other, "steps")
        assert {row["key"] for row in lines(one, "results")} == {row["key"] for row in lines(other, "results")}
        file = other / f"rollouts.jsonl{suffix}"
        file.write_bytes(file.read_bytes()[:-3])
        assert len(lines(other, "steps")) < len(lines(one, "steps"))


def test_packed_lines_are_read_as_the_documents_describe_them() -> None:
    first = {"agent": "agent_0", "said": ["~", "first line", "~0"], "n": 0.25}
    again, whole, texts = [1, "~0", "~2", "~:0"], "~.0", [0, "~~x", ["~$", "id"]]
    packed = [0, first, again, whole, texts, [0, *range(16)], ["~+", 0, 15, 99]]
    agent = {"agent": "agent_0", "said": "first line\nagent_0", "n": 0.25}
    kept = {"id": {"horizon": 3}}
    wanted = [agent, agent, agent, ["~x", {"horizon": 3}], list(range(16)), [*range(15), 99]]
    assert unpack(json.dumps(packed), kept) == wanted
    with pytest.raises(ValueError, match="no packed value"):
        unpack('"~0"', kept)


def test_metadata_of_every_run_by_its_name(runs: Path) -> None:
    loaded = agoragym.load(runs)
    assert {data["player"] for data in loaded.metadata.values()} == {"bot:honest", "random"}
    assert agoragym.load(loaded.runs[0]).metadata.keys() == {loaded.runs[0].name}


def test_mistakes_are_named(tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="expected the folder of a run"):
        agoragym.load(tmp_path / "nowhere")
    deep = shutil.copytree(runs, tmp_path / "part" / "suite" / "cell")
    later = next(deep.glob("*/metadata.json"))
    assert later.parent in agoragym.load(tmp_path).runs
    later.write_text(later.read_text("utf-8").replace('"format": 2', '"format": 3'), "utf-8")
    with pytest.raises(ValueError, match="files are of format 3, expected 2 or none"):
        agoragym.load(tmp_path)
    with pytest.raises(ValueError, match="expected 'pandas' or 'polars', got 'spark'"):
        _ = agoragym.load(runs, "spark").results  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kind: expected one of results"):
        next(agoragym.load(runs).rows("nothing"))
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert type(agoragym.load(runs).results).__module__.startswith("polars")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ImportError, match=r"neither pandas nor polars is installed.*pip install pandas"):
        _ = agoragym.load(runs).results
