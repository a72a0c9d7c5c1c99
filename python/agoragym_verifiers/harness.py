"""The harness: a chat loop with native tools inside the process. One turn is one call of the model. Knows no economy.

Verifiers' own chat harness starts a Python process a turn; its contract allows a loop in the process, as long as every call of
the model goes through the endpoint that it is given.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Any

import httpx
import verifiers.v1 as vf
from verifiers.v1.dialects.chat import message_to_wire

# A client belongs to its event loop; a loop that is gone takes its client with it.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = weakref.WeakKeyDictionary()


def _client() -> httpx.AsyncClient:
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        # How long a model may take, and how many may be asked at once, is the run's to say.
        limits = httpx.Limits(max_connections=None)
        _clients[loop] = httpx.AsyncClient(timeout=None, limits=limits, trust_env=False)
    return _clients[loop]


class AgoragymHarnessConfig(vf.HarnessConfig):
    """Nothing to set."""


class AgoragymSession(vf.HarnessSession):
    """One seat's conversation. It only grows, so that a whole game is one training sample."""

    _messages: list[dict[str, Any]] | None = None

    async def _run(self, messages: vf.Messages | None) -> vf.ProgramResult:
        data = self.data
        if self._messages is None:
            self._messages = [{"role": "system", "content": data.system_prompt}]
            self._tools = [{"type": "function", "function": tool} for tool in data.tools]
        self._messages += [message_to_wire(message) for message in messages or []]
        body = {"model": self.ctx.model, "messages": self._messages, "tools": self._tools}
        answer = await _client().post(
            f"{self.endpoint}/chat/completions", headers={"authorization": f"Bearer {self.secret}"}, json=body
        )
        if answer.status_code != 200:
            return vf.ProgramResult(exit_code=1, stdout="", stderr=answer.text[:2000])
        said = answer.json()["choices"][0]["message"]
        self._messages.append({name: value for name, value in said.items() if value is not None})
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


class AgoragymHarness(vf.Harness[AgoragymHarnessConfig]):
    """Plays a seat in the process."""

    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_RESUME = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def session(self, *args: Any, **kwargs: Any) -> AgoragymSession:
        return AgoragymSession(self, *args, **kwargs)

    async def launch(self, *args: Any, **kwargs: Any) -> vf.ProgramResult:
        raise NotImplementedError("agoragym plays turn by turn: use it with its own environment, or one that opens interactions")
