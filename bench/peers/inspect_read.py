"""Reads the log of a run of Inspect, every sample of it."""

import pathlib
import sys

from inspect_ai.log import read_eval_log

[path] = pathlib.Path(sys.argv[1]).iterdir()
log = read_eval_log(str(path))
print(len(log.samples), sum(sample.output.completion is not None for sample in log.samples))
