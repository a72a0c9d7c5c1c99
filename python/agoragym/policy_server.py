"""Serves a policy to games that Node plays: ``policy:http://127.0.0.1:PORT`` is then a player like any other, in evaluations,
tournaments and on the seats opposite.

::

    from agoragym.policy_server import serve_policy

    with serve_policy(lambda turn: turn["mask"].index(1)) as server:
        print(server.player)          # agoragym eval swarm_economy --players policy:http://127.0.0.1:41234,bot:honest
        server.wait()

    python -m agoragym.policy_server mine.py:choose --port 8100

A policy is a function of a turn. Policies of Stable-Baselines3 and PyTorch are wrapped by :func:`sb3_policy` and
:func:`torch_policy`. Needs nothing beyond the standard library.
"""

from __future__ import annotations

import argparse
import hmac
import importlib.util
import inspect
import json
import operator
import os
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, NotRequired, SupportsIndex, TypedDict

from .client import Call, CallResult, Decision
from .errors import optional

PROTOCOL = 1
Accepts = Literal["text", "observation", "encoded"]
ALL: tuple[Accepts, ...] = ("text", "observation", "encoded")
#: Bytes of one turn at most.
MAX_REQUEST = 16 << 20


class PolicyTurn(TypedDict):
    """A turn of a seat as the policy is asked for it.

    ``rollout`` and ``seat`` name whose turn it is: a policy with a memory keeps one for each pair. ``text`` is what a model
    reads, ``observation`` the object behind it, ``features`` and ``mask`` the same as numbers where the economy encodes itself
    (``mask`` is 1 where a slot is legal). What the server does not accept is left out.
    """

    protocol: int
    rollout: str
    seat: str
    role: str
    env: str
    version: int
    config: dict[str, Any]
    t: int
    repeat: int
    offered: list[str]
    results: list[CallResult]
    text: NotRequired[str]
    observation: NotRequired[dict[str, Any]]
    features: NotRequired[list[float]]
    mask: NotRequired[list[int]]


#: What a policy answers: a slot, calls in order, both in a decision, or None for silence.
Choice = int | Sequence[Call] | Decision | None
Policy = Callable[[PolicyTurn], Choice]


class PolicyServer:
    """A policy behind a port. Turns of different games may be asked for at the same time; the policy is called by one after the
    other, in threads of the server.

    What the policy raises is answered as an error, which gives that rollout up in Node, and is kept in ``errors``.

    Args:
        policy: a function of a :class:`PolicyTurn`.
        host, port: where to listen; 0 is any free port.
        name: what the files of runs call the policy; its own name by default.
        accepts: what turns hold: ``text``, ``observation``, ``encoded`` (``features`` and ``mask``); by default the policy's own
            ``accepts``, or all of it.
        token: the bearer token that is asked for, if any; by default ``AGORAGYM_POLICY_TOKEN``, which ``agoragym`` presents.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        name: str | None = None,
        accepts: Sequence[Accepts] | None = None,
        token: str | None = None,
    ) -> None:
        self.policy = policy
        self.accepts: tuple[Accepts, ...] = tuple(getattr(policy, "accepts", ALL) if accepts is None else accepts)
        self.token = token or os.environ.get("AGORAGYM_POLICY_TOKEN") or None
        self.name = name or getattr(policy, "__name__", type(policy).__name__)
        self.errors: list[Exception] = []
        self._one = threading.Lock()
        self._server = ThreadingHTTPServer((host, port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="agoragym-policy", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Such as ``http://127.0.0.1:41234``."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def player(self) -> str:
        """The player string for ``agoragym``."""
        return f"policy:{self.url}"

    def decide(self, turn: PolicyTurn) -> Decision:
        """What the policy does, as a decision; a TypeError where its answer is none."""
        with self._one:
            choice = self.policy(turn)
        if choice is None:
            return {"calls": []}
        # A number of numpy's or torch's is one as well.
        if isinstance(choice, SupportsIndex) and not isinstance(choice, bool):
            return {"slot": operator.index(choice)}
        if isinstance(choice, dict) and choice.keys() & {"slot", "calls"}:
            return choice
        if isinstance(choice, Sequence) and not isinstance(choice, (str, bytes)):
            return {"calls": choice}
        raise TypeError(f"a policy answers a slot, a list of calls, a decision or None, got {choice!r:.200}")

    def wait(self) -> None:
        """Serves until it is closed or interrupted."""
        self._thread.join()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> PolicyServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve_policy(
    policy: Policy,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    name: str | None = None,
    accepts: Sequence[Accepts] | None = None,
    token: str | None = None,
) -> PolicyServer:
    """Starts a :class:`PolicyServer`."""
    return PolicyServer(policy, host=host, port=port, name=name, accepts=accepts, token=token)


def sb3_policy(model: Any, *, deterministic: bool = True) -> Policy:
    """A model of Stable-Baselines3 (or sb3-contrib, with its masks) that was trained on encoded observations."""
    numpy = optional("numpy", "gym")
    masked = "action_masks" in inspect.signature(model.predict).parameters

    def choose(turn: PolicyTurn) -> int:
        features, mask = _numbers(turn)
        masks = {"action_masks": numpy.array(mask, bool)} if masked else {}
        action, _ = model.predict(numpy.array(features, numpy.float32), deterministic=deterministic, **masks)
        return int(action)

    return _of_numbers(choose, type(model).__name__)


def torch_policy(module: Any, *, deterministic: bool = True) -> Policy:
    """A PyTorch module from features of shape (1, features) to logits of shape (1, slots); illegal slots are left out."""
    torch = optional("torch", "rllib")

    def choose(turn: PolicyTurn) -> int:
        features, mask = _numbers(turn)
        with torch.no_grad():
            logits = module(torch.tensor([features], dtype=torch.float32))[0]
        logits = logits.masked_fill(~torch.tensor(mask, dtype=torch.bool), float("-inf"))
        return int(logits.argmax() if deterministic else torch.distributions.Categorical(logits=logits).sample())

    return _of_numbers(choose, type(module).__name__)


def _of_numbers(policy: Policy, name: str) -> Policy:
    policy.__name__ = name
    policy.accepts = ("encoded",)  # type: ignore[attr-defined]
    return policy


def _numbers(turn: PolicyTurn) -> tuple[list[float], list[int]]:
    features, mask = turn.get("features"), turn.get("mask")
    if features is None or mask is None:
        raise TypeError(f"{turn['env']} does not write itself as numbers, and this policy reads nothing else")
    return features, mask


def _handler(server: PolicyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, {"protocol": PROTOCOL, "name": server.name, "accepts": server.accepts})

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length")
            if length is None or not length.isdigit() or int(length) > MAX_REQUEST:
                # What follows is not read, so nothing more can be.
                self.close_connection = True
                self._refuse(413 if length else 411, "too_large", f"expected a body of at most {MAX_REQUEST} bytes, got {length}")
                return
            body = self.rfile.read(int(length))
            given = self.headers.get("Authorization", "")
            if server.token is not None and not hmac.compare_digest(given.encode(), f"Bearer {server.token}".encode()):
                self._refuse(401, "unauthorized", "expected the bearer token of AGORAGYM_POLICY_TOKEN")
                return
            try:
                turn = json.loads(body)
                if turn["protocol"] != PROTOCOL:
                    self._refuse(400, "unknown_protocol", f"this server speaks protocol {PROTOCOL}, not {turn['protocol']}")
                    return
            except (ValueError, TypeError, KeyError) as error:
                self._refuse(400, "bad_request", f"expected a turn as a JSON object: {error!r}")
                return
            try:
                decision = json.dumps(server.decide(turn), default=_plain)
            except Exception as error:
                server.errors.append(error)
                self._refuse(500, "policy_failed", f"{type(error).__name__}: {error}")
                return
            self._send(200, decision)

        def _refuse(self, status: int, code: str, message: str) -> None:
            self._answer(status, {"error": {"code": code, "message": message}})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            self._send(status, json.dumps(body))

        def _send(self, status: int, body: str) -> None:
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """A line a turn is nobody's business."""

    return Handler


def _plain(value: Any) -> Any:
    """Numbers of numpy and torch inside calls."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a decision is plain JSON, got {type(value).__name__}")


def _load(named: str) -> Policy:
    """``FILE.py:NAME`` or ``MODULE:NAME``."""
    where, _, name = named.rpartition(":")
    if not where or not name:
        raise SystemExit(f"expected FILE.py:NAME or MODULE:NAME, got {named!r}")
    if where.endswith(".py"):
        spec = importlib.util.spec_from_file_location(Path(where).stem, where)
        if spec is None or spec.loader is None or not Path(where).is_file():
            raise SystemExit(f"{where}: no such file")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(where)
    policy = getattr(module, name, None)
    if not callable(policy):
        raise SystemExit(f"{where} has no function {name}")
    return policy  # type: ignore[no-any-return]


def main(words: Sequence[str] | None = None) -> int:
    """Serves a policy that is named on the command line, until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m agoragym.policy_server", description="Serves a policy to agoragym.")
    parser.add_argument("policy", help="FILE.py:NAME or MODULE:NAME of a function of a turn")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    args = parser.parse_args(words)
    sys.path.insert(0, "")
    with serve_policy(_load(args.policy), host=args.host, port=args.port) as server:
        print(server.player, flush=True)
        try:
            server.wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
