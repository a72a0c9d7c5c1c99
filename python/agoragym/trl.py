"""TRL: an environment class per economy for ``GRPOTrainer(environment_factory=…)``, and the data set of its seeds::

    from agoragym.trl import dataset, environment
    Swarm = environment("swarm_economy", preset="short")
    trainer = GRPOTrainer(model=…, environment_factory=Swarm, train_dataset=dataset(Swarm, range(100)))

TRL calls tools one by one. Where a message may hold several calls, they are collected until the turn is full or the further tool
``end_turn`` is called; a question is answered at once. A game that the model leaves is played to its end in silence before it is
scored: who stops calling tools has passed.

Needs the extra ``trl``. Knows no trainer's settings.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Optional, Union, cast

from .client import Opponents, Session, Tool, View, given
from .errors import AgoragymError, optional

_TYPES: dict[str, type] = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems")
#: What TRL calls itself, and what Python gives every object.
_TAKEN = frozenset({"reset", "get_reward", *dir(object)})

OVER = "The game is over. Answer without a tool call."


def environment(
    economy: str,
    *,
    preset: str | None = None,
    config: Mapping[str, Any] | None = None,
    seat: str | None = None,
    opponents: Opponents | None = None,
    scale: Literal["unit"] | None = None,
    relative: Literal["par", "game"] | None = None,
) -> type[Any]:
    """The class of one seat's games: a method per tool, with the types and the description of the tool's schema.

    Args:
        economy, preset, config, opponents: as for :class:`agoragym.Session`.
        seat: the one that is trained; the learner's by default.
        scale, relative: of the reward, see ``docs/wire.md``. By default it is the score that ``agoragym eval`` prints.

    Raises:
        AgoragymError: where the economy, its configuration or a player is unknown.
        ValueError: where a tool's name or argument cannot be written in Python.
    """
    made: dict[str, Any] = {
        "economy": economy,
        "preset": preset,
        "config": config,
        "live": None if seat is None else [seat],
        "opponents": opponents,
        "reward": given(form="score", scale=scale, relative=relative),
        "log": False,
    }
    with Session(**made) as probe:
        info = probe.info
    tools = [*info["tools"], *([info["end_tool"]] if "end_tool" in info else [])]
    members: dict[str, Any] = {"_made": made, "_rules": info["rules"][info["live"][0]], "__doc__": f"One seat of {economy}."}
    for tool in tools:
        members[tool["name"]] = _method(tool)
    return type("".join(part.title() for part in economy.split("_")), (_Environment,), members)


def dataset(environment: type[Any], seeds: Iterable[int]) -> Any:
    """A ``datasets.Dataset`` with a row a seed: the rules as the system message, to which ``reset`` adds what the seat sees.

    Args:
        environment: a class that :func:`environment` made.
        seeds: integers in [0, 2^53).
    """
    datasets = optional("datasets", "trl")
    prompt = [{"role": "system", "content": environment._rules}, {"role": "user", "content": ""}]
    return datasets.Dataset.from_list([{"prompt": prompt, "seed": int(seed)} for seed in seeds])


class _Environment:
    """A game of one seat. TRL offers every public method but `reset` and `get_reward` to the model: all else is private."""

    _made: dict[str, Any]
    _rules: str

    def __init__(self) -> None:
        self._session = Session(**self._made)
        self._seat = self._session.live[0]
        self._view: View | None = None
        self._earned = 0.0

    def reset(self, seed: int | None = None, repeat: int | None = None, **_row: Any) -> str:
        """Starts the game of a row; what the seat sees is added to the row's last message."""
        if seed is None:
            raise AgoragymError("bad_seed", "the row has no `seed`: make the data set with agoragym.trl.dataset")
        self._earned = 0.0
        view = self._session.reset(int(seed), None if repeat is None else int(repeat))
        return self._saw(view)

    def get_reward(self) -> float:
        """The seat's score; a game that is not over is played out in silence."""
        view = self._view
        if view is None:
            raise AgoragymError("not_reset", "there is no game to score: call reset first")
        while not view["done"]:
            view = self._session.step({})
            self._saw(view)
        return self._earned

    def _saw(self, view: View) -> str:
        """Keeps a view, and what a model reads of it."""
        self._view = view
        self._earned += view["rewards"][self._seat]
        turn = view["turns"][self._seat]
        parts = [result["text"] for result in turn["results"]] if view["t"] > 0 else []
        if view["done"]:
            parts.append(f"The game is over ({view['stop']}). Answer without a tool call.")
        else:
            parts.append(turn["text"])
            if len(turn["offered"]) < len(self._session.info["tools"]):
                ending = [self._session.info["end_tool"]["name"]] if "end_tool" in self._session.info else []
                parts.append(f"You may call now: {', '.join([*turn['offered'], *ending]) or 'nothing'}.")
        return "\n\n".join(part for part in parts if part)

    def _call(self, tool: str, args: dict[str, Any]) -> str:
        view = self._view
        if view is None or view["done"]:
            return OVER
        told = self._session.call(self._seat, {"tool": tool, "args": args})
        return self._saw(cast("View", told)) if "t" in told else told["text"]


def _method(tool: Tool) -> Any:
    """A method that calls a tool, with the signature and documentation from which TRL makes its schema again."""
    name = tool["name"]
    if not name.isidentifier() or keyword.iskeyword(name) or name in _TAKEN:
        raise ValueError(f"tool {name!r} cannot be a method of a class: expected a free Python name")
    properties: dict[str, dict[str, Any]] = tool["parameters"].get("properties", {})
    required = set(tool["parameters"].get("required", []))
    for argument in properties:
        if not argument.isidentifier() or keyword.iskeyword(argument):
            raise ValueError(f"argument {argument!r} of tool {name!r} cannot be a parameter: expected a Python name")

    def method(self: _Environment, **named: Any) -> str:
        # Models that must name every argument write null for one that they leave out.
        args = {key: value for key, value in named.items() if value is not None or _nullable(properties.get(key, {}))}
        return self._call(name, args)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter("self", kind)]
    for argument in sorted(properties, key=lambda key: key not in required):
        hint = _hint(properties[argument])
        if argument in required:
            parameters.append(inspect.Parameter(argument, kind, annotation=hint))
        else:
            parameters.append(inspect.Parameter(argument, kind, annotation=Optional[hint], default=None))  # noqa: UP045
    method.__name__ = method.__qualname__ = name
    method.__doc__ = _documentation(tool, properties)
    method.__signature__ = inspect.Signature(parameters, return_annotation=str)  # type: ignore[attr-defined]
    method.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters[1:]} | {"return": str}
    return method


def _alternatives(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*schema.get("anyOf", []), *schema.get("oneOf", [])]


def _nullable(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "null" or (isinstance(kind, list) and "null" in kind) or any(_nullable(one) for one in _alternatives(schema))


def _hint(schema: Mapping[str, Any]) -> Any:
    """The type hint of a JSON Schema."""
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if "const" in schema:
        return Literal[schema["const"]]
    several = [_hint(one) for one in _alternatives(schema) if one.get("type") != "null"]
    if several:
        return Union[tuple(several)]  # noqa: UP007
    kind = schema.get("type", "string")
    if kind == "array":
        return list[_hint(schema.get("items", {"type": "string"}))]  # type: ignore[misc]
    return _TYPES.get(kind if isinstance(kind, str) else "string", str)


def _documentation(tool: Tool, properties: Mapping[str, Mapping[str, Any]]) -> str:
    """What a tool does, and a line an argument with the bounds that type hints cannot say."""

    def line(argument: str, schema: Mapping[str, Any]) -> str:
        bounds = ", ".join(f"{bound} {schema[bound]}" for bound in _BOUNDS if bound in schema)
        told = " ".join(str(schema.get("description", argument)).split())
        return f"    {argument}: {told}{f' ({bounds})' if bounds else ''}"

    lines = [" ".join(tool["description"].split())]
    if properties:
        lines += ["", "Args:", *(line(argument, schema) for argument, schema in properties.items())]
    return "\n".join(lines)
