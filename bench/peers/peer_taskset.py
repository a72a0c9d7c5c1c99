"""One question, one answer, asked in the process: what Verifiers itself costs around a model call."""

from typing import Any

import httpx
import verifiers.v1 as vf

http: list[httpx.AsyncClient] = []


class Data(vf.TaskData):
    pass


class Config(vf.TasksetConfig):
    count: int = 1


class Question(vf.Task[Data]):
    pass


class Questions(vf.Taskset[Question, Config]):
    def load(self) -> list[Question]:
        return [
            Question(Data(name=str(i), idx=i, prompt="What do you do?"), self.config.task) for i in range(self.config.count)
        ]


class HarnessConfig(vf.HarnessConfig):
    pass


class Harness(vf.Harness[HarnessConfig]):
    """No program of its own: a request of the process, through the endpoint that Verifiers records calls at."""

    APPENDS_SYSTEM_PROMPT = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(self, ctx: Any, trace: Any, runtime: Any, endpoint: str, secret: str, *rest: Any, **more: Any) -> Any:
        if not http:
            http.append(httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=None)))
        tools = [{"type": "function", "function": {"name": "act", "parameters": {"type": "object", "properties": {}}}}]
        answer = await http[0].post(
            f"{endpoint}/chat/completions",
            headers={"authorization": f"Bearer {secret}"},
            json={"model": ctx.model, "messages": [{"role": "user", "content": "What do you do?"}], "tools": tools},
        )
        return vf.ProgramResult(exit_code=0 if answer.status_code == 200 else 1, stdout="", stderr=answer.text[:200])


__all__ = ["Harness", "Questions"]
