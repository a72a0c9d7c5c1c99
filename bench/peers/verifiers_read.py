"""Reads what Verifiers saved: JSON Lines, for which it has types and no reader of a folder."""

import json
import pathlib
import sys

[path] = pathlib.Path(sys.argv[1]).rglob("traces.jsonl")
with path.open() as lines:
    rows = [json.loads(line) for line in lines]
print(len(rows))
