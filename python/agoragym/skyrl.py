"""SkyRL: text in, text out. Importing this module registers the environment ``agoragym`` with ``skyrl_gym``.

A seat's tools are called in its text: ``<action>{"tool": "post", "args": {"text": "hello"}}</action>``, several of them where a
turn takes several. Everything else that it is told is what ``agoragym eval`` tells a model.

A row of the data set needs ``env_class: "agoragym"`` and says which game it is, in the row or in its ``extra_info``: ``economy``
and ``seed``, and where wanted ``preset``, ``config``, ``seat``, ``opponents``, ``repeat``, ``reward`` (as for
:class:`agoragym.Session`), ``max_turns`` (answers of the model; without a limit by default). Needs the extra ``skyrl``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .client import Message, Said, SeatMessage, Session
from .errors import AgoragymError, optional

optional("skyrl_gym", "skyrl")

import skyrl_gym
from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

HOW = 'You call a tool by writing <action>{"tool": NAME, "args": {…}}</action>. The tools, with the JSON Schema of their args:'
_ACTION = re.compile(r"<action>(.*?)</action>", re.DOTALL)
_FIELDS = ("economy", "seed", "preset", "config", "seat", "opponents", "repeat", "reward", "max_turns")


class AgoragymTextEnv(BaseTextEnv):
    """One seat of one game. The rewards add up to the seat's score so far; ``metadata`` holds ``t`` and at the end ``stop``,
    ``scores`` and ``metrics``.

    Args:
        env_config: settings for all rows, by the same names.
        extras: the row.

    Raises:
        AgoragymError: ``bad_request`` where ``economy`` or ``seed`` is missing, or what ``docs/wire.md`` lists.
    """

    def __init__(self, env_config: Any = None, extras: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        row = dict(extras or {})
        told = {**dict(env_config or {}), **row, **(row.get("extra_info") or {})}
        given = {name: told[name] for name in _FIELDS if told.get(name) is not None}
        missing = [name for name in ("economy", "seed") if name not in given]
        if missing:
            raise AgoragymError("bad_request", f"the row does not say its {' and '.join(missing)}")
        self.max_turns = int(given.get("max_turns", 2**31))
        self._game = (int(given["seed"]), int(given.get("repeat", 0)))
        self._session = Session(
            given["economy"],
            preset=given.get("preset"),
            config=given.get("config"),
            live=[given["seat"]] if "seat" in given else None,
            opponents=given.get("opponents"),
            reward=given.get("reward", "score"),
            want=["messages"],
            log=False,
        )
        self._seat = self._session.live[0]
        self._calls = 0
        self._metrics: dict[str, Any] = {}

    def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
        """Starts the game. The row's own prompt is replaced by the rules, the tools and what the seat sees."""
        view = self._session.reset(*self._game)
        rules, *first = view["told"][self._seat]
        tools = "\n".join(
            f"- {tool['name']}: {tool['description']} {json.dumps(tool['parameters'], separators=(',', ':'))}"
            for tool in self._session.info["tools"]
        )
        system = {"role": "system", "content": f"{rules['content']}\n\n{HOW}\n{tools}"}
        return [system, *_read(first)], {"seed": view["seed"]}

    def step(self, action: str) -> BaseTextEnvStepOutput:
        """Plays one answer of the model."""
        self.turns += 1
        said: Said = self._session.say({self._seat: self._message(action)})
        metadata: dict[str, Any] = {}
        done = self.turns >= self.max_turns
        reward = 0.0
        if "t" in said:
            view: Any = said
            reward = view["rewards"][self._seat]
            metadata["t"] = view["t"]
            if view["done"]:
                done = True
                self._metrics = {"score": view["scores"][self._seat]["reward"], **view["metrics"][self._seat]}
                metadata.update(stop=view["stop"], scores=view["scores"][self._seat], metrics=view["metrics"][self._seat])
        told = said["told"].get(self._seat, [])
        return BaseTextEnvStepOutput(
            observations=[] if done else _read(told), reward=reward, done=done, metadata=metadata, postprocessed_action=None
        )

    def close(self) -> None:
        """Gives the game up."""
        self._session.close()

    def get_metrics(self) -> dict[str, Any]:
        """Of a game that is over: its score and the seat's metrics, without those that are not defined for it."""
        return {name: value for name, value in self._metrics.items() if value is not None}

    def _message(self, text: str) -> SeatMessage:
        calls = []
        for written in _ACTION.findall(text):
            self._calls += 1
            calls.append({"id": f"call_{self._calls}", **_call(written)})
        return {"content": text, "tool_calls": calls} if calls else {"content": text}  # type: ignore[typeddict-item]


def _call(written: str) -> dict[str, str]:
    """A call as a model of tools would have written it. What is no JSON object goes to the gate as it is, which says so."""
    try:
        action = json.loads(written)
    except json.JSONDecodeError:
        action = None
    if not isinstance(action, dict):
        return {"name": "action", "arguments": written}
    args = action.get("args", {})
    return {"name": str(action.get("tool", "")), "arguments": args if isinstance(args, str) else json.dumps(args)}


def _read(messages: list[Message]) -> list[dict[str, str]]:
    """Told messages as one turn of a user: results of tools by name first, as nothing carries their ids here."""
    parts = [
        f"Result of {message['name']}: {message['content']}" if message["role"] == "tool" else message["content"]
        for message in messages
    ]
    return [{"role": "user", "content": "\n\n".join(parts)}] if parts else []


if "agoragym" not in skyrl_gym.envs.registration.registry:
    skyrl_gym.register(id="agoragym", entry_point="agoragym.skyrl:AgoragymTextEnv")
