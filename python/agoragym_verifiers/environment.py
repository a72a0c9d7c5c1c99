"""The environment: one game with one or several live seats, each a conversation of its own. Knows no model and no economy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, cast

import verifiers.v1 as vf
from pydantic import Field

from agoragym.client import Message, Said, SeatMessage, Session, Units

from .taskset import AgoragymTask

#: Turns are played here, in the process, so that nothing is sent to a sandbox elsewhere. The harness is left to the default,
#: which is this module's own: naming it here would import this module while it is being imported.
LOCAL: dict[str, Any] = {"runtime": {"type": "subprocess"}}


class AgoragymEnvConfig(vf.EnvConfig):
    """Who plays: roles (each may have a model of its own), and the seats that they take."""

    player: vf.AgentConfig = vf.AgentConfig(**LOCAL)
    """The role that is trained or evaluated."""
    rival: vf.AgentConfig = vf.AgentConfig(**LOCAL)
    """A second role, for seats that another model plays."""
    seats: dict[str, str] = Field(default_factory=dict)
    """Live seats and their roles, such as `{agent_0: player, agent_1: rival}`; the learner's for `player` by default."""
    opponents: str | dict[str, str] | None = None
    """The players of the other seats, as `agoragym.Session` takes them."""
    reward: dict[str, str] = Field(default_factory=dict)
    """`scale` and `relative` of the reward, see `docs/wire.md`; by default it is the score that `agoragym eval` prints."""
    max_concurrent_agents: int | None = Field(None, ge=1)
    """Seats of one game that are asked at once; all of them by default, as they act at the same time."""


class AgoragymEnv(vf.Env[AgoragymEnvConfig]):
    """One episode is one game; each live seat gives a trace with its score as reward and its metrics.

    A seat whose run ends early (a limit of Verifiers, a `@stop`) is silent for the rest of the game. Where all have ended,
    the game is stopped and scored as it stands.
    """

    async def run(self, task: vf.Task, agents: vf.Agents) -> None:
        data = cast("AgoragymTask", task).data
        roles = dict(self.config.seats)
        session = await Session.aopen(
            data.economy,
            preset=data.preset,
            config=data.settings,
            live=list(roles) or None,
            opponents=self.config.opponents,
            want=["messages"],
            reward={"form": "score", **self.config.reward},
        )
        try:
            await self._play(session, cast("AgoragymTask", task), roles or {session.live[0]: "player"}, agents)
        finally:
            session.close()

    async def _play(self, session: Session, task: AgoragymTask, roles: Mapping[str, str], agents: vf.Agents) -> None:
        view = await session.areset(task.data.seed)
        told: dict[str, list[Message]] = dict(view["told"])
        waiting = view["waiting"]
        tools = [{name: tool[name] for name in ("name", "description", "parameters")} for tool in session.info["tools"]]
        rewards = {seat: view["rewards"][seat] for seat in session.live}

        def earn(view: Any) -> None:
            for seat, reward in view["rewards"].items():
                rewards[seat] += reward

        async with AsyncExitStack() as stack:
            open_seats: dict[str, vf.Interaction] = {}
            for seat, role in roles.items():
                system = told[seat][0]["content"]
                told[seat] = told[seat][1:]
                own = AgoragymTask(
                    task.data.model_copy(update={"seat": seat, "system_prompt": system, "tools": tools}), task.config
                )
                open_seats[seat] = await stack.enter_async_context(getattr(agents, role).interaction(own))
            ended: set[str] = set()

            async def ask(seat: str) -> tuple[str, SeatMessage]:
                if seat not in ended:
                    interaction = open_seats[seat]
                    segment = await interaction.turn([_typed(message) for message in told.pop(seat, [])])
                    if not segment.terminated:
                        return seat, _said(segment, interaction.trace)
                    ended.add(seat)
                return seat, {}

            while waiting and len(ended) < len(roles):
                said: Said = await session.asay(dict(await asyncio.gather(*(ask(seat) for seat in waiting))))
                for seat, messages in said["told"].items():
                    told[seat] = [*told.get(seat, []), *messages]
                waiting = said["waiting"]
                if "t" in said:
                    view = cast("Any", said)
                    earn(view)
            if not view["done"]:
                view = await session.astop("seats_ended")
                earn(view)
            for seat, interaction in open_seats.items():
                trace = interaction.trace
                trace.info.update(
                    economy=session.info["env"],
                    version=session.info["version"],
                    preset=session.info["preset"],
                    seed=view.get("seed", task.data.seed),
                    seat=seat,
                    stop=view["stop"],
                    truncated=view["truncated"],
                )
                trace.record_reward("score", rewards[seat])
                for name, value in {**view["metrics"][seat], **_parts(view["scores"][seat])}.items():
                    if value is not None:
                        trace.record_metric(name, float(value))


def _parts(scores: Mapping[str, float | None]) -> dict[str, float | None]:
    """The parts of a score beside the reward, which stands under its own name."""
    return {name: value for name, value in scores.items() if name != "reward"}


def _typed(message: Message) -> vf.UserMessage | vf.ToolMessage:
    if message["role"] == "tool":
        return vf.ToolMessage(tool_call_id=message["tool_call_id"], name=message["name"], content=message["content"])
    return vf.UserMessage(content=message["content"])


def _said(segment: vf.Segment, trace: vf.Trace) -> SeatMessage:
    """What the model answered, with what its server counted."""
    answer = next(message for message in reversed(segment.messages) if message.role == "assistant")
    said: SeatMessage = {"content": answer.content or ""}
    if answer.reasoning_content is not None:
        said["reasoning_content"] = answer.reasoning_content
    if answer.tool_calls:
        said["tool_calls"] = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in answer.tool_calls]
    call = trace.calls[-1]
    if call.finish_reason is not None:
        said["finish_reason"] = call.finish_reason
    if call.usage is not None:
        thinking = min(call.usage.reasoning_tokens or 0, call.usage.completion_tokens)
        units: Units = {"thinking": thinking, "output": call.usage.completion_tokens - thinking, "source": "reported"}
        said["units"] = units
    return said
