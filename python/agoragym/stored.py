"""The files of a run, version 2 of their format (docs/runs.md): packed lines, plain or compressed, as the rows they stand for."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]

# The version of the format that is read here, beside runs of before, which have none.
FORMAT = 2

# Arrays that are none of the value's: the lines of a text, a list that goes on from another, a value kept elsewhere.
LINES, LIST, KEPT = "~", "~+", "~$"
# Shorter texts, lists of fewer numbers and objects of fewer values are written out and never referred to.
SHORT, MANY, FEW = 4, 16, 3


def unpack(text: str, kept: dict[str, Any]) -> Any:
    """The value of a packed text; ``kept`` has what is kept elsewhere, by id. Raises ValueError where the text is none."""
    try:
        return _Unpacker(kept).value(json.loads(text))
    except (IndexError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no packed value ({error})") from error


class _Unpacker:
    def __init__(self, kept: dict[str, Any]) -> None:
        self.kept = kept
        self.texts: list[str] = []
        self.numbers: list[float] = []
        self.shapes: list[list[str]] = []
        self.wholes: list[Any] = []
        self.lists: list[list[float]] = []

    def value(self, packed: Any) -> Any:
        if isinstance(packed, str):
            return self.text(packed)
        if isinstance(packed, (int, float)) and not isinstance(packed, bool):
            if _is_long(packed):
                self.numbers.append(packed)
            return packed
        if isinstance(packed, dict):
            self.shapes.append(list(packed))
            return self.object(list(packed), list(packed.values()))
        return self.array(packed) if isinstance(packed, list) else packed

    def array(self, packed: list[Any]) -> Any:
        head, rest = packed[0], packed[1:]
        if head == LINES:
            text = "\n".join(self.text(line) for line in rest)
            self.texts.append(text)
            return text
        if head == LIST:
            before, common, *more = rest
            self.lists.append([*self.lists[before][:common], *more])
            return self.lists[-1]
        if head == KEPT:
            return self.kept[rest[0]]
        if head != 0:
            keys = self.shapes[head - 1]
            if len(keys) != len(rest):
                raise IndexError("an object of no known fields")
            return self.object(keys, rest)
        if len(rest) >= MANY and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in rest):
            self.lists.append(rest)
            return rest
        items = [self.value(item) for item in rest]
        if len(items) >= FEW:
            self.wholes.append(items)
        return items

    def object(self, keys: list[str], values: list[Any]) -> Row:
        row = {key: self.value(value) for key, value in zip(keys, values, strict=True)}
        if len(keys) >= FEW:
            self.wholes.append(row)
        return row

    def text(self, packed: str) -> Any:
        if not packed.startswith("~") or packed.startswith("~~"):
            text = packed.removeprefix("~")
            if _length(text) >= SHORT:
                self.texts.append(text)
            return text
        if packed[1] == ".":
            return self.wholes[int(packed[2:], 36)]
        if packed[1] == ":":
            return self.numbers[int(packed[2:], 36)]
        return self.texts[int(packed[1:], 36)]


def _length(text: str) -> int:
    """In UTF-16 code units, as the writer counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _is_long(value: float) -> bool:
    return value != int(value) or value >= 100_000 or value <= -10_000


def stored(run: Path) -> Path | None:
    """Where the rollouts of a run lie; None of a run that was played before the format had a version."""
    return _kept(run, "rollouts.jsonl")


def _kept(run: Path, name: str) -> Path | None:
    return next((path for path in (run / (name + suffix) for suffix in ("", ".gz", ".br")) if path.exists()), None)


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, plain or compressed, whose ends are there; what a kill left of the last batch is left out."""
    if path.suffix == ".br":
        yield from _brotli_lines(path)
        return
    if path.suffix != ".gz":
        with path.open("rb") as lines:
            yield from (line for line in lines if line.endswith(b"\n"))
        return
    with path.open("rb") as file:
        while len(head := file.read(20)) == 20 and head[12:16] == b"AG\x04\x00":
            member = head + file.read(int.from_bytes(head[16:20], "little") - 20)
            try:
                batch = gzip.decompress(member)
            except (EOFError, OSError, zlib.error):
                return
            yield from batch.splitlines(keepends=True)


def _brotli_lines(path: Path) -> Iterator[bytes]:
    try:
        import brotli
    except ImportError as error:
        raise ImportError(f"{path} is compressed with brotli, which Python has no module for: pip install brotli") from error
    with path.open("rb") as file:
        while len(head := file.read(12)) == 12 and head[:4] == b"AGBR":
            packed = file.read(int.from_bytes(head[4:8], "little") - 12)
            try:
                batch = brotli.decompress(packed)
            except brotli.error:
                return
            if zlib.crc32(batch) != int.from_bytes(head[8:12], "little"):
                return
            yield from batch.splitlines(keepends=True)


def shared(run: Path) -> dict[str, Any]:
    """What rollouts of a run have in common, by id."""
    path = run / "shared.jsonl"
    return dict(json.loads(line) for line in whole_lines(path)) if path.exists() else {}


def order(run: Path) -> dict[str, int]:
    """The keys of the finished rollouts in the order that the run lists them in; empty where nothing says so."""
    path = _kept(run, "figures.jsonl")
    if path is None:
        return {}
    keys: dict[str, int] = {}
    for line in whole_lines(path):
        _, _, figures = line.partition(b'],{"key":"')
        keys[figures.partition(b'"')[0].decode()] = len(keys)
    return keys


def rows_in(rollout: Row, kind: str, run: str) -> Iterator[Row]:
    """The rows of one kind that a rollout stands for."""
    key = rollout["key"]
    if kind == "results":
        for row in rollout["rows"]:
            own = {"key": key, "example_id": row["example_id"], **row["metrics"], **row}
            yield {**own, **_messages(rollout["trace"], row["info"]["seat"])}
    elif kind == "traces":
        trace = rollout["trace"]
        yield {**trace, "run": {**trace["run"], "id": run, "name": run}}
    elif kind == "steps":
        yield {"key": key, **rollout["log"]}
    elif kind == "calls":
        for call in rollout["calls"]:
            yield {"key": key, **call}


def _messages(trace: Row, seat: str) -> Row:
    own: Row = next((one for one in trace["traces"] if one["agent"]["name"] == seat), {"nodes": [], "tools": []})
    nodes = own["nodes"]
    messages = [_saved(node["message"]) for node in nodes]
    start = next((i for i, node in enumerate(nodes) if node["sampled"]), len(nodes))
    return {"prompt": messages[:start], "completion": messages[start:], "tool_defs": own["tools"]}


def _saved(message: Row) -> Row:
    """A message as Verifiers saves it."""
    if message["role"] == "tool":
        return {name: message[name] for name in ("role", "tool_call_id", "content")}
    if message["role"] != "assistant":
        return message
    names = ("role", "content", "reasoning_content", "tool_calls")
    saved = {name: message[name] for name in names if name in message}
    if "tool_calls" in saved:
        calls = [{name: call[name] for name in ("id", "name", "arguments")} for call in saved["tool_calls"]]
        saved["tool_calls"] = [json.dumps(call, ensure_ascii=False, separators=(",", ":")) for call in calls]
    return saved
