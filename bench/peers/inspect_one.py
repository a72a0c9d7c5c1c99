"""Inspect: one sample a call, its log written: URL, calls, how many at once, folder of logs."""

import sys

from inspect_ai import Task, eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import Tool, tool

url, calls, at_once, logs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


@tool
def act() -> Tool:
    async def execute() -> str:
        """Acts."""
        return "done"

    return execute


samples = [Sample(input="What do you do?", target="") for _ in range(calls)]
[log] = evaluate(
    Task(dataset=samples, solver=[use_tools(act()), generate(tool_calls="none")]),
    model=get_model("openai/m", base_url=url, api_key="none", responses_api=False),
    max_connections=at_once,
    max_samples=at_once,
    display="none",
    log_dir=logs,
)
assert log.status == "success", log.error
