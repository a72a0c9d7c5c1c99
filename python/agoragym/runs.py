"""Reads the folders of runs into data frames. Knows the files of a run; knows no economy and starts nothing."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .stored import FORMAT, order, rows_in, shared, stored, unpack, whole_lines

Library = Literal["pandas", "polars"]
Row = dict[str, Any]

FILES = {
    "results": "results.jsonl",
    "calls": "calls.jsonl",
    "steps": "steps.jsonl",
    "traces": "traces.jsonl",
    "errors": "errors.jsonl",
    "groups": "groups.jsonl",
    "scores": "scores.jsonl",
    "judgements": "judgements.jsonl",
}
# What rollouts.jsonl has of finished rollouts; runs of before have a file of each.
STORED = ("results", "calls", "steps", "traces")
# An export's folder holds a metadata.json that is no run's; this file tells the two apart.
DATA_CARD = "datacard.json"
DEPTH = 4


def load(folder: str | Path, frames: Library | None = None) -> Run:
    """The runs in a folder: one that ``eval``, ``rollouts``, a tournament or an experiment wrote, or a folder of such.

    Args:
        folder: a run's folder, or one with runs up to four levels below (part, suite, cell, run).
        frames: ``"pandas"`` or ``"polars"``; by default pandas where it is installed, else polars.

    Returns:
        A :class:`Run`, which reads each file when it is asked for it.

    Raises:
        FileNotFoundError: there is no run in that folder.
        ValueError: a later version of agoragym wrote one of them.
    """
    root = Path(folder)
    found = list(_find(root, DEPTH)) if root.is_dir() else []
    if not found:
        raise FileNotFoundError(
            f"{folder}: expected the folder of a run (with a metadata.json), or one that holds some up to {DEPTH} levels below"
        )
    for run in found:
        _check_format(run)
    return Run(root, tuple(found), frames)


@dataclass(frozen=True)
class Run:
    """One run or several, as frames. A column ``run`` says which folder a row comes from, relative to the one that was loaded.

    Nothing that stands in a file is left out. An object's fields become columns named by their path (``info.seat``,
    ``metrics.payoff``); a list, and whatever is not of one type through a column, is JSON text, which ``json.loads`` gives
    back. A cell is missing where a row does not have the field, or has null. A line that is no JSON object (a run was killed
    while it wrote) is counted in ``unread`` and warned of.
    """

    folder: Path
    runs: tuple[Path, ...]
    library: Library | None = None
    #: Lines that could not be read, by file.
    unread: dict[str, int] = field(default_factory=dict)

    @cached_property
    def metadata(self) -> dict[str, Row]:
        """What each run is and what it came to: its ``metadata.json``, by the run's name."""
        return {self._name(run): json.loads((run / "metadata.json").read_text("utf-8")) for run in self.runs}

    @cached_property
    def results(self) -> Any:
        """A row a finished rollout and evaluated seat.

        Columns: ``run``; ``key`` (the rollout); ``example_id``; ``reward`` (the composite score of the seat); ``metrics.NAME``,
        and each metric once more as ``NAME``; ``is_completed``, ``is_truncated``, ``stop_condition``, ``error``;
        ``info.seat``, ``info.role``, ``info.player``, ``info.seed``, ``info.repeat``, ``info.steps``, ``info.silent``,
        ``info.cost`` (USD), ``info.scores.PART``, ``info.calls.TOOL``, ``info.refused.CODE`` and the rest of ``info``;
        ``timing.…`` in seconds; ``token_usage.…`` of a model; ``prompt``, ``completion``, ``tool_defs`` as JSON text.
        """
        return self._frame(_flat(row) for row in self.rows("results"))

    @cached_property
    def calls(self) -> Any:
        """A row a model call that was answered; empty where no model played.

        Columns: ``run``, ``key``, ``agent``, ``t``, ``call``, ``player``, ``model``, ``request``, ``prompt_tokens``,
        ``completion_tokens``, ``usage.…`` (tokens), ``cost`` (USD), ``latency_ms``, ``retries``, ``cached`` and what was left
        out or adapted; ``reply.content``, ``reply.reasoning_content``, ``reply.finish_reason``, ``reply.tool_calls`` (JSON text)
        and the rest of the reply.
        """
        return self._frame(_flat(row) for row in self.rows("calls"))

    @cached_property
    def errors(self) -> Any:
        """A row an attempt at a rollout that was given up (``errors.jsonl``).

        Columns: ``run``, ``key``, ``attempt``, ``example_id``, ``seed``, ``repeat``, ``agent``, ``player``, ``t``, ``code``,
        ``message``, ``status``, ``attempts``, ``start_time``, ``total`` (seconds).
        """
        return self._frame(_flat(row) for row in self.rows("errors"))

    @cached_property
    def episodes(self) -> Any:
        """A row a finished rollout: the head of its log.

        Columns: ``run``, ``key``, ``stop`` (why it ended), ``length`` (steps), ``header.env``, ``header.version``,
        ``header.seed``, ``header.repeat``, ``header.seats.AGENT`` (its player, ``resident`` where the economy moved it) and
        ``header.config.FIELD``.
        """
        return self._frame(
            {**_flat({k: v for k, v in row.items() if k != "steps"}), "length": len(row["steps"])} for row in self.rows("steps")
        )

    @cached_property
    def steps(self) -> Any:
        """A row a step and seat of every finished rollout.

        Columns: ``run``, ``key``, ``env``, ``seed``, ``repeat``, ``t`` (steps before this one); ``agent``, ``player``; ``reward``
        (the change of the seat's score); ``acted`` (whether a decision of the seat stands in the log); ``calls``,
        ``results`` and ``refused`` (JSON text: what it called, what it was told, what was refused and why); ``decision.…`` (the
        rest of its decision, such as ``decision.units.thinking``); ``done`` (``terminated``, ``truncated`` or missing) and
        ``stop`` of the step, and whatever else it has.
        """
        return self._frame(row for log in self.rows("steps") for row in _seat_rows(log))

    @cached_property
    def events(self) -> Any:
        """A row an event of every finished rollout.

        Columns: ``run``, ``key``, ``t``, ``i`` (its place among the step's), ``type``, ``event`` (all of it as JSON text).
        """
        return self._frame(
            {
                "run": log["run"],
                "key": log["key"],
                "t": step["t"],
                "i": i,
                "type": event.get("type"),
                "event": _text(event),
            }
            for log in self.rows("steps")
            for step in log["steps"]
            for i, event in enumerate(step["events"])
        )

    def rows(self, kind: str) -> Iterator[Row]:
        """The rows of a kind as they are, with ``run`` added. ``kind`` is one of ``FILES`` (``traces``, ``groups``, …)."""
        if kind not in FILES:
            raise ValueError(f"kind: expected one of {', '.join(FILES)}, got {kind!r}")
        for run in self.runs:
            filed: set[str] = set()
            if kind in STORED and (path := stored(run)) is not None:
                for row in self._stored(run, path, kind, filed):
                    yield {"run": self._name(run), **row}
            path = run / FILES[kind]
            if not path.exists():
                continue
            bad = 0
            with path.open("rb") as lines:
                for line in lines:
                    if not line.strip():
                        continue
                    try:
                        row = json.loads(line.decode("utf-8-sig"))
                        if not isinstance(row, dict):
                            raise ValueError("no object")
                    except ValueError:
                        bad += 1
                        continue
                    # The calls of a finished rollout are with it; they may stand here, too, while the run goes on.
                    if row.get("key") not in filed:
                        yield {"run": self._name(run), **row}
            self._warn(path, bad)

    def _stored(self, run: Path, path: Path, kind: str, filed: set[str]) -> Iterator[Row]:
        kept = shared(run)
        # A rollout lies where it ended; the run lists them by example and repeat.
        ranks = order(run)
        found: dict[str, str] = {}
        bad = 0
        for line in whole_lines(path):
            try:
                text = line.decode("utf-8-sig")
                key = str(json.loads(text)["key"]) if not text.startswith('{"key":"') else text[8 : text.index('"', 8)]
            except (ValueError, KeyError, TypeError):
                bad += 1
                continue
            found.setdefault(key, text)
        for key in sorted(found, key=lambda key: ranks.get(key, len(ranks))):
            try:
                rollout = unpack(found[key], kept)
                rows = list(rows_in(rollout, kind, run.name))
            except (ValueError, KeyError, TypeError):
                bad += 1
                continue
            filed.add(key)
            yield from rows
        self._warn(path, bad)

    def _warn(self, path: Path, bad: int) -> None:
        if bad > 0 and str(path) not in self.unread:
            self.unread[str(path)] = bad
            warnings.warn(f"{path}: {bad} lines are no JSON objects and are left out", stacklevel=4)

    def _name(self, run: Path) -> str:
        return run.name if run == self.folder else run.relative_to(self.folder).as_posix()

    def _frame(self, rows: Iterable[Row]) -> Any:
        return _frame(list(rows), self.library)


def _check_format(run: Path) -> None:
    """Refuses a run of a later format than this module reads; one of before has none."""
    path = run / "metadata.json"
    try:
        told = json.loads(path.read_text("utf-8"))
    except ValueError:
        return  # Whoever asks for the metadata is told.
    if isinstance(told, dict) and told.get("format", FORMAT) != FORMAT:
        raise ValueError(
            f"{path}: the run's files are of format {told['format']!r}, expected {FORMAT} or none (older); "
            "read it with the version of agoragym that wrote it, or a later one"
        )


def _find(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / DATA_CARD).exists():
        return
    if (folder / "metadata.json").exists():
        yield folder
    elif depth > 0:
        for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
            yield from _find(inner, depth - 1)


# What a step says seat by seat; whatever else it has is of the step.
BY_SEAT = ("decisions", "rewards", "results", "refused", "events")


def _seat_rows(log: Row) -> Iterator[Row]:
    header = log["header"]
    head = {
        "run": log["run"],
        "key": log["key"],
        "env": header["env"],
        "seed": header["seed"],
        "repeat": header["repeat"],
    }
    for step in log["steps"]:
        own = {name: value for name, value in step.items() if name not in BY_SEAT}
        own["done"] = step["done"] or None
        agents = dict.fromkeys([*header["seats"], *step["decisions"], *step["rewards"], *step["results"]])
        for agent in agents:
            decision = dict(step["decisions"].get(agent, {}))
            refused = [refusal for refusal in step["refused"] if refusal["agent"] == agent]
            yield {
                **head,
                **_flat(own),
                "agent": agent,
                "player": header["seats"].get(agent),
                "reward": step["rewards"].get(agent),
                "acted": agent in step["decisions"],
                "calls": _text(decision.pop("calls", [])),
                "results": _text(step["results"].get(agent, [])),
                "refused": _text(refused),
                **_flat(decision, "decision."),
            }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _flat(row: Row, prefix: str = "") -> Row:
    """Objects as columns by path; lists as JSON text. An empty object has no column: nothing stood in it."""
    flat: Row = {}
    for name, value in row.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            flat.update(_flat(value, f"{path}."))
        else:
            flat[path] = _text(value) if isinstance(value, list) else value
    return flat


def _column(values: list[Any]) -> list[Any]:
    """Cells of one type, so that no library guesses: numbers as they are, or else texts; mixed ones are JSON text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {float, int}:
        exact = all(not isinstance(value, int) or abs(value) < 2**53 for value in values)
        if float in kinds and exact:
            return [None if value is None else float(value) for value in values]
        if len(kinds) <= 1 and exact:
            return values
    elif len(kinds) == 1 and kinds <= {str, bool}:
        return values
    return [None if value is None else _text(value) for value in values]


def _frame(rows: list[Row], library: Library | None) -> Any:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: _column([row.get(name) for row in rows]) for name in names}
    if library not in (None, "pandas", "polars"):
        raise ValueError(f"frames: expected 'pandas' or 'polars', got {library!r}")
    if library != "polars":
        try:
            import pandas
        except ModuleNotFoundError:
            if library == "pandas":
                raise ImportError("pandas is not installed: pip install pandas") from None
        else:
            return pandas.DataFrame(columns)
    try:
        import polars
    except ModuleNotFoundError:
        missing = "polars is" if library == "polars" else "neither pandas nor polars is"
        raise ImportError(f"{missing} installed, and frames need one: pip install pandas (or polars)") from None
    return polars.DataFrame(columns, strict=True)
