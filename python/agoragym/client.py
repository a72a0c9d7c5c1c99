"""A client of the wire and a game on it, for synchronous and asynchronous callers alike. Knows the operations of
``docs/wire.md``; knows no library for learning."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Literal, NotRequired, TypedDict, cast

from ._version import __version__
from ._wire import PROTOCOL, START_SECONDS, Answer, Carrier, Connection, Received, Socket, open_child
from .errors import AgoragymError


class Call(TypedDict):
    """One call of a tool."""

    tool: str
    args: NotRequired[Mapping[str, Any]]


class Units(TypedDict):
    """Inference units of one message, for economies that bill thinking: integers ≥ 0."""

    thinking: int
    output: int
    source: Literal["reported", "estimated"]


class Decision(TypedDict, total=False):
    """What a seat does at its turn: calls in order (none is silence), or a slot of the economy's encoding."""

    calls: Sequence[Call]
    slot: int
    units: Units


class CallResult(TypedDict):
    """What a seat is told of one of its calls."""

    ok: bool
    text: str


class Turn(TypedDict):
    """What a seat sees. ``text``, ``observation``, ``features``, ``mask`` and ``standings`` are there where they were wanted."""

    offered: list[str]
    results: list[CallResult]
    text: NotRequired[str]
    observation: NotRequired[dict[str, Any]]
    features: NotRequired[list[float]]
    mask: NotRequired[list[int]]
    standings: NotRequired[dict[str, list[float]]]


Scores = dict[str, float | None]


class ToolCall(TypedDict):
    """A call as a model writes it; ``arguments`` is its text."""

    id: str
    name: str
    arguments: str


class Message(TypedDict):
    """A message of a conversation: what a seat is told (``system``, ``user``, ``tool``)."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_call_id: NotRequired[str]
    name: NotRequired[str]


class SeatMessage(TypedDict, total=False):
    """What a seat says: the answer of its model."""

    content: str
    reasoning_content: str
    tool_calls: Sequence[ToolCall]
    finish_reason: Literal["stop", "tool_calls", "length", "refusal"]
    units: Units


class View(TypedDict):
    """How the game stands after a reset or a step: the turns of the live seats that may act, at the end those of all live ones.

    ``scores`` and ``metrics`` are there at the end, ``seed`` and ``initial`` (the scores before the first step) after a reset,
    ``told`` and ``waiting`` where the session is spoken to by messages.
    """

    t: int
    acting: list[str]
    turns: dict[str, Turn]
    rewards: dict[str, float]
    done: Literal[False, "terminated", "truncated", "stopped"]
    terminated: bool
    truncated: bool
    stop: str | None
    scores: NotRequired[dict[str, Scores]]
    metrics: NotRequired[dict[str, Scores]]
    seed: NotRequired[int]
    initial: NotRequired[dict[str, float]]
    clipped: NotRequired[int]
    told: NotRequired[dict[str, list[Message]]]
    waiting: NotRequired[list[str]]


class Said(TypedDict):
    """What comes of messages: what is to be told, and who is waited for. The fields of a :class:`View` stand beside them where
    the world moved (``t`` tells)."""

    told: dict[str, list[Message]]
    waiting: list[str]


class Called(TypedDict):
    """What comes of one call: whether it was accepted, and what the seat is told. The fields of a :class:`View` stand beside them
    where the world moved (``t`` tells)."""

    accepted: bool
    text: str


class Feature(TypedDict):
    """One number of an encoded observation; it lies in [low, high]."""

    name: str
    low: float
    high: float
    meaning: str


class Slot(TypedDict):
    """One action of an encoding; the first does nothing."""

    name: str
    tools: list[str]
    meaning: str


class Encoding(TypedDict):
    """Observations and actions of a configuration as numbers."""

    features: list[Feature]
    slots: list[Slot]


class Tool(TypedDict):
    """A tool as a model's API wants it; ``ask`` tools are answered within the turn, ``act`` tools are moves."""

    name: str
    kind: Literal["act", "ask"]
    description: str
    parameters: dict[str, Any]


class Seat(TypedDict):
    """One place at the table; its player is ``live``, ``resident`` or a player string."""

    agent: str
    role: str
    player: str
    learner: NotRequired[bool]
    resident: NotRequired[bool]


class TurnRule(TypedDict):
    """How one message becomes play; ``max_calls`` is None where there is no limit."""

    max_calls: int | None
    repairs: int
    on_silence: Literal["pass", "stop"]
    pass_tool: NotRequired[str]


class Made(TypedDict):
    """What a session was set up as; ``docs/wire.md`` says what each field is."""

    s: int
    env: str
    version: int
    preset: str
    config: dict[str, Any]
    seats: list[Seat]
    live: list[str]
    turn: dict[str, TurnRule]
    rules: NotRequired[dict[str, str]]
    tools: NotRequired[list[Tool]]
    tools_id: str
    end_tool: NotRequired[Tool]
    encoding: NotRequired[Encoding]


class Economy(TypedDict):
    """An economy that the program plays; ``encoded`` says whether it writes itself as numbers."""

    id: str
    version: int
    summary: str
    presets: list[str]
    encoded: bool


class Checked(TypedDict):
    """What the gate says of a call: an ``ask`` tool's answer, or why the call would be refused."""

    legal: bool
    kind: NotRequired[Literal["act", "ask"]]
    answer: NotRequired[str]
    code: NotRequired[str]
    text: NotRequired[str]


Opponents = str | Mapping[str, str] | Sequence[str]
Reward = Literal["delta", "score", "total"]
Want = Literal["text", "observation", "encoded", "standings", "messages"]


class Client:
    """A connection to a program that plays: a server at a URL, or a child process of the program that this package brings.

    Thread-safe, with any number of sessions; usable from several event loops. It belongs to the process that made it.

    Args:
        url: of a server (``agoragym serve``), such as ``http://127.0.0.1:8000``; by default a child process is started.
        token: the bearer token of that server; ``AGORAGYM_TOKEN`` by default.

    Raises:
        AgoragymError: ``no_node``, ``no_program`` or ``other_version`` of a child; ``bad_url``, ``connection_refused``,
            ``capacity`` or ``unauthorized`` of a server; ``no_answer`` or ``unknown_protocol`` of either.
    """

    _shared: Client | None = None
    _sharing = threading.Lock()

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self.url = url
        # Sessions that nobody holds any more: a collector runs in the middle of anything, so the next request closes them.
        self._abandoned: deque[int] = deque()
        carrier: Carrier = open_child() if url is None else Socket(url, token or os.environ.get("AGORAGYM_TOKEN"))
        self._connection = Connection(carrier)
        try:
            self.hello = self._connection.send("hello", protocol=PROTOCOL).result(START_SECONDS)[0]
        except TimeoutError:
            self.close()
            raise AgoragymError("no_answer", f"{url or 'the program'} did not answer within {START_SECONDS:.0f} s") from None
        except AgoragymError:
            self.close()
            raise
        found = self.hello.get("protocol")
        if found != PROTOCOL:
            self.close()
            raise AgoragymError(
                "unknown_protocol", f"{url or 'the program'} speaks protocol {found}, agoragym {__version__} speaks {PROTOCOL}"
            )
        if url is None and self.hello.get("version") != __version__:
            self.close()
            raise AgoragymError(
                "other_version",
                f"the program is agoragym {self.hello.get('version')}, this package {__version__}: install it anew",
            )

    @classmethod
    def shared(cls) -> Client:
        """The client of this process: of ``AGORAGYM_URL`` where that is set, else of a child. Made anew after a fork and after
        the other side has gone."""
        with cls._sharing:
            url = os.environ.get("AGORAGYM_URL") or None
            known = cls._shared
            if known is None or known.url != url or known.ended is not None:
                known = cls._shared = cls(url)
            return known

    @property
    def ended(self) -> AgoragymError | None:
        """Why nothing can be asked any more; None while it can."""
        return self._connection.ended

    @property
    def version(self) -> str:
        """Of the program on the other side."""
        return str(self.hello["version"])

    @property
    def economies(self) -> list[Economy]:
        """What can be played, in the order of ``agoragym envs``."""
        return cast("list[Economy]", self.hello["envs"])

    def send(self, op: str, **fields: Any) -> Future[Received]:
        """Sends a request; the future gives its answer and the raw buffers that came with it, or raises an AgoragymError."""
        while self._abandoned:
            self._connection.send("close", s=self._abandoned.popleft())
        return self._connection.send(op, **fields)

    def request(self, op: str, **fields: Any) -> Answer:
        """Asks and waits for the answer."""
        return self.send(op, **fields).result()[0]

    async def arequest(self, op: str, **fields: Any) -> Answer:
        """Asks without holding up the event loop."""
        return (await asyncio.wrap_future(self.send(op, **fields)))[0]

    def close(self) -> None:
        """Ends the child, or hangs up. What still waits for an answer fails with ``closed``."""
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _after_fork() -> None:
    # Another thread may have held the lock when the process was forked.
    Client._sharing = threading.Lock()
    Client._shared = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Session:
    """A game with live seats: `reset`, then `step` until the view says that it is done; again from `reset`.

    Every method that asks has an asynchronous twin with an ``a`` before its name (:meth:`areset`, …; :meth:`aopen` for the
    constructor).

    With ``want=["messages"]`` it is spoken to by :meth:`say` instead of :meth:`step`: as ``agoragym eval`` speaks to a model,
    byte for byte.

    Args:
        economy: its id, such as ``swarm_economy``.
        preset: a named configuration; the economy's first by default.
        config: fields set beside the preset's.
        live: the seats that you play: by default the learner's, ``"all"`` for every seat that is no resident's.
        opponents: the players of the others: ``"bot:honest:3,random:2"``, by seat (``{"agent_1": "bot:honest", "*": "random"}``)
            or in seat order; the economy's usual ones by default.
        want: what a turn holds besides: ``text`` (what a model reads), ``observation`` (the object behind it), ``encoded``
            (``features`` and ``mask``), ``standings`` (how the seat stood after each step), ``messages`` (see above).
        reward: ``delta`` (how much the score changed), ``score`` (the same, so that the rewards of a game add up to the score
            that evaluations print) or ``total`` (the score so far); an object ``{"form", "scale", "relative"}`` for more, see
            ``docs/wire.md``.
        log: False gives the log of a game up when it is over.
        client: by default the one of this process.
    """

    def __init__(
        self,
        economy: str,
        *,
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        live: Sequence[str] | Literal["all"] | None = None,
        opponents: Opponents | None = None,
        want: Sequence[Want] = ("text",),
        reward: Reward | Mapping[str, str] = "score",
        log: bool = True,
        client: Client | None = None,
    ) -> None:
        self._set(client or Client.shared())
        self._made(self.client.request("make", **_make(economy, preset, config, live, opponents, want, reward, log)))

    @classmethod
    async def aopen(
        cls,
        economy: str,
        *,
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        live: Sequence[str] | Literal["all"] | None = None,
        opponents: Opponents | None = None,
        want: Sequence[Want] = ("text",),
        reward: Reward | Mapping[str, str] = "score",
        log: bool = True,
        client: Client | None = None,
    ) -> Session:
        """The constructor for asynchronous callers."""
        session = cls.__new__(cls)
        # Starting a child takes a moment.
        session._set(client if client is not None else await asyncio.to_thread(Client.shared))
        made = await session.client.arequest("make", **_make(economy, preset, config, live, opponents, want, reward, log))
        session._made(made)
        return session

    closed = False

    def _set(self, client: Client) -> None:
        self.client = client

    def _made(self, made: Answer) -> None:
        #: What the session was set up as.
        self.info: Made = cast("Made", made)
        self.s: int = made["s"]

    @property
    def live(self) -> list[str]:
        """Your seats, in seat order."""
        return self.info["live"]

    def reset(self, seed: int | None = None, repeat: int | None = None) -> View:
        """Starts a game.

        Args:
            seed: an integer in [0, 2^53); by default the one after the last.
            repeat: which repeat of the seed (0): the world is the same in each, other players' own chance differs.
        """
        return cast("View", self.client.request("reset", **self._reset(seed, repeat)))

    async def areset(self, seed: int | None = None, repeat: int | None = None) -> View:
        return cast("View", await self.client.arequest("reset", **self._reset(seed, repeat)))

    def step(self, decisions: Mapping[str, Decision]) -> View:
        """Plays the decisions of the acting seats (a missing one is silence), everybody else's, and on to the next live turn."""
        return cast("View", self.client.request("step", s=self.s, decisions=decisions))

    async def astep(self, decisions: Mapping[str, Decision]) -> View:
        return cast("View", await self.client.arequest("step", s=self.s, decisions=decisions))

    def say(self, messages: Mapping[str, SeatMessage]) -> Said:
        """Says what models answered, a message a seat; the answer holds a view where the world moved (``t`` is there)."""
        return cast("Said", self.client.request("say", s=self.s, messages=messages))

    async def asay(self, messages: Mapping[str, SeatMessage]) -> Said:
        return cast("Said", await self.client.arequest("say", s=self.s, messages=messages))

    def call(self, seat: str, call: Call) -> Called:
        """Makes one call of a tool, for frameworks that carry out each by itself; the answer holds a view where the world moved
        (``t`` is there). Where calls are collected, ``info["end_tool"]`` ends the turn."""
        return cast("Called", self.client.request("call", s=self.s, seat=seat, call=call))

    async def acall(self, seat: str, call: Call) -> Called:
        return cast("Called", await self.client.arequest("call", s=self.s, seat=seat, call=call))

    def check(self, seat: str, call: Call) -> Checked:
        """What would become of a call now; answers those of ``ask`` tools. Changes nothing."""
        return cast("Checked", self.client.request("check", s=self.s, seat=seat, call=call))

    async def acheck(self, seat: str, call: Call) -> Checked:
        return cast("Checked", await self.client.arequest("check", s=self.s, seat=seat, call=call))

    def stop(self, reason: str | None = None) -> View:
        """Ends the game from outside; ``reason`` (snake_case) becomes the last word of its log."""
        return cast("View", self.client.request("stop", s=self.s, **given(reason=reason)))

    async def astop(self, reason: str | None = None) -> View:
        return cast("View", await self.client.arequest("stop", s=self.s, **given(reason=reason)))

    def log(self) -> dict[str, Any]:
        """The log of the game so far, as a run's logs are read (``steps``)."""
        return cast("dict[str, Any]", self.client.request("log", s=self.s)["log"])

    async def alog(self) -> dict[str, Any]:
        return cast("dict[str, Any]", (await self.client.arequest("log", s=self.s))["log"])

    def close(self) -> None:
        """Gives the game up. Asks for no answer, and may be called twice or after the other side has gone."""
        if self.closed:
            return
        self.closed = True
        if self.client.ended is None:
            try:
                self.client.send("close", s=self.s)
            except AgoragymError:
                return

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not self.closed and hasattr(self, "s"):
            self.client._abandoned.append(self.s)

    def _reset(self, seed: int | None, repeat: int | None) -> dict[str, Any]:
        return {"s": self.s, **given(seed=seed, repeat=repeat)}


def _make(
    economy: str,
    preset: str | None,
    config: Mapping[str, Any] | None,
    live: Sequence[str] | Literal["all"] | None,
    opponents: Opponents | None,
    want: Sequence[Want],
    reward: Reward | Mapping[str, str],
    log: bool,
) -> dict[str, Any]:
    return {
        "env": economy,
        **given(preset=preset, config=config, live=live, opponents=opponents),
        "want": list(want),
        "reward": reward_of(reward),
        "log": log,
    }


def given(**fields: Any) -> dict[str, Any]:
    """The fields of a request that were given; what is None is left to the program."""
    return {name: value for name, value in fields.items() if value is not None}


def reward_of(reward: Reward | Mapping[str, str]) -> dict[str, str]:
    """A reward as the wire writes it: ``{"form", "scale", "relative"}``."""
    return {"form": reward} if isinstance(reward, str) else dict(reward)
