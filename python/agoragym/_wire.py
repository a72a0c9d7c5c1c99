"""The wire of ``docs/wire.md`` from the client's side: requests with an id, answers as futures, over two carriers (the pipes of
a child process, a WebSocket). Knows ids, lines and frames; knows no operation."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import subprocess
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, BinaryIO, Protocol

from ._node import command
from .errors import AgoragymError, optional

PROTOCOL = 1
START_SECONDS = 60.0
CLOSE_SECONDS = 5.0

Answer = dict[str, Any]
#: What comes in: a header, and the raw buffers that it announces.
Received = tuple[Answer, list[bytearray]]


class Carrier(Protocol):
    """Moves whole messages. `messages` ends when the other side is gone; `lost` then says how, as code and sentence."""

    def send(self, text: str) -> None: ...
    def messages(self) -> Iterator[Received]: ...
    def lost(self) -> tuple[str, str]: ...
    def close(self) -> None: ...
    def forget(self) -> None:
        """Lets go of what a fork copied, without a word to the other side."""


class Child:
    """A child process that speaks the wire on its standard input and output; its standard error is ours."""

    def __init__(self, words: list[str]) -> None:
        # Plain descriptors: a fork closes its copies, and no file object of Python's closes the number a second time.
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        try:
            # A session of its own: an interrupt at the terminal is Python's, and the end of its input is the child's end.
            self.process = subprocess.Popen(words, stdin=theirs_in, stdout=theirs_out, start_new_session=True)
        except OSError as error:
            os.close(self._to)
            os.close(self._from)
            raise AgoragymError("no_node", f"{words[0]} does not start: {error}") from error
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._writing = threading.Lock()

    def send(self, text: str) -> None:
        data = memoryview(text.encode() + b"\n")
        with self._writing:
            if self._to < 0:
                raise BrokenPipeError("closed")
            while data:
                data = data[os.write(self._to, data) :]

    def messages(self) -> Iterator[Received]:
        source = os.fdopen(self._from, "rb", closefd=False)
        try:
            while line := source.readline():
                header: Answer = json.loads(line)
                sizes: list[int] = header.get("bytes", [])
                # Arrays over them may be written to.
                buffers = [bytearray(size) for size in sizes]
                if all(_fill(source, buffer) for buffer in buffers):
                    yield header, buffers
        finally:
            descriptor, self._from = self._from, -1
            os.close(descriptor)

    def lost(self) -> tuple[str, str]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(CLOSE_SECONDS)
        code = self.process.poll()
        how = "closed its output" if code is None else f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return "node_died", f"the Node process {how}; the next session starts a new one"

    def close(self) -> None:
        # Whoever writes to a child that does not read is freed by its end.
        if not self._writing.acquire(timeout=CLOSE_SECONDS):
            self.process.kill()
            self._writing.acquire()
        try:
            # The end of its input is its end.
            if self._to >= 0:
                descriptor, self._to = self._to, -1
                os.close(descriptor)
        finally:
            self._writing.release()
        try:
            self.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def forget(self) -> None:
        for descriptor in (self._to, self._from):
            if descriptor >= 0:
                os.close(descriptor)
        self._to = self._from = -1
        # Not ours to wait for.
        self.process.returncode = 0


def _fill(source: BinaryIO, buffer: bytearray) -> bool:
    """Reads until the buffer is full; whether it is."""
    left = memoryview(buffer)
    while left:
        count = source.readinto(left)  # type: ignore[attr-defined]
        if not count:
            return False
        left = left[count:]
    return True


class Socket:
    """A server's WebSocket: headers are text frames, the buffers that one announces follow in one binary frame."""

    def __init__(self, url: str, token: str | None = None) -> None:
        client = optional("websockets.sync.client", "remote")
        exceptions = optional("websockets.exceptions", "remote")
        self.url = socket_url(url)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._open = contextlib.ExitStack()
        try:
            connecting = client.connect(
                self.url,
                max_size=None,
                open_timeout=START_SECONDS,
                additional_headers=headers,
                compression=None,
                proxy=None,
            )
            self._socket: Any = self._open.enter_context(connecting)
        except (OSError, exceptions.WebSocketException) as error:
            raise _refused(self.url, error) from error
        self._closed: type[Exception] = exceptions.ConnectionClosed
        self._why = "the connection was closed"

    def send(self, text: str) -> None:
        try:
            self._socket.send(text)
        except self._closed as error:
            raise OSError(str(error)) from error

    def messages(self) -> Iterator[Received]:
        try:
            while True:
                header: Answer = json.loads(self._socket.recv())
                sizes: list[int] = header.get("bytes", [])
                whole = self._socket.recv() if sizes else b""
                ends = list(itertools.accumulate(sizes))
                yield header, [bytearray(whole[end - size : end]) for end, size in zip(ends, sizes, strict=True)]
        except (self._closed, OSError) as error:
            self._why = str(error)

    def lost(self) -> tuple[str, str]:
        return "connection_lost", f"{self.url}: {self._why}; the next session connects anew"

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._open.close()

    def forget(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._socket.socket.detach())


def socket_url(url: str) -> str:
    """The address of the wire on a server: ``http://host:8000`` is ``ws://host:8000/agora``."""
    scheme, separator, rest = url.partition("://")
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    if not separator or scheme not in schemes or not rest:
        raise AgoragymError("bad_url", f"expected a URL such as http://127.0.0.1:8000, got {url!r}")
    bare = rest.rstrip("/")
    return f"{schemes[scheme]}://{bare}" if bare.endswith("/agora") else f"{schemes[scheme]}://{bare}/agora"


def _refused(url: str, error: Exception) -> AgoragymError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 503:
        return AgoragymError("capacity", f"{url}: the server takes no more connections (HTTP 503)")
    if status in (401, 403):
        return AgoragymError("unauthorized", f"{url}: the server wants a bearer token (HTTP {status}): set AGORAGYM_TOKEN")
    return AgoragymError("connection_refused", f"{url}: {str(error) or type(error).__name__}")


class Connection:
    """Many callers, many threads, one carrier. Belongs to the process that made it; a fork drops its copy."""

    def __init__(self, carrier: Carrier) -> None:
        self.pid = os.getpid()
        self._carrier = carrier
        self._ids = itertools.count(1)
        self._waiting: dict[int, Future[Received]] = {}
        self._lock = threading.Lock()
        self._end: AgoragymError | None = None
        _connections.add(self)
        threading.Thread(target=self._read, name="agoragym-wire", daemon=True).start()

    @property
    def ended(self) -> AgoragymError | None:
        """Why nothing can be asked any more; None while it can."""
        return self._end

    def send(self, op: str, **fields: Any) -> Future[Received]:
        """Sends a request; its future gives the answer or raises an AgoragymError. Raises at once where the end is known."""
        if self.pid != os.getpid():
            raise AgoragymError("forked", f"made in process {self.pid}, used in {os.getpid()}: make it after the fork")
        number = next(self._ids)
        text = json.dumps({"id": number, "op": op, **fields}, separators=(",", ":"), allow_nan=False)
        future: Future[Received] = Future()
        with self._lock:
            if self._end is not None:
                raise self._end
            self._waiting[number] = future
        # The reader meets the end as well, knows why, and fails this request with all others.
        with contextlib.suppress(OSError):
            self._carrier.send(text)
        return future

    def close(self) -> None:
        """Ends the child or hangs up; what still waits for an answer fails with ``closed``."""
        self._finish(AgoragymError("closed", "the client was closed"))
        if self.pid == os.getpid():
            self._carrier.close()

    def _forget(self) -> None:
        self._end = AgoragymError("forked", f"made in process {self.pid}: make it after the fork")
        self._lock = threading.Lock()
        self._waiting = {}
        self._carrier.forget()

    def _read(self) -> None:
        why: AgoragymError | None = None
        try:
            for header, buffers in self._carrier.messages():
                with self._lock:
                    future = self._waiting.pop(header.get("id") or 0, None)
                if future is None or not future.set_running_or_notify_cancel():
                    continue
                if header.get("ok"):
                    future.set_result((header, buffers))
                else:
                    error = header.get("error") or {}
                    future.set_exception(
                        AgoragymError(str(error.get("code", "internal")), str(error.get("message", "no message")))
                    )
        except Exception as error:
            # Whatever it is: nobody would be answered any more.
            why = AgoragymError("bad_answer", f"the other side sent what is no message: {error!r}")
        self._finish(why or AgoragymError(*self._carrier.lost()))
        # What is left of a child that spoke nonsense or hung up.
        self._carrier.close()

    def _finish(self, why: AgoragymError) -> None:
        with self._lock:
            if self._end is None:
                self._end = why
            waiting, self._waiting = list(self._waiting.values()), {}
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(self._end)


_connections: weakref.WeakSet[Connection] = weakref.WeakSet()


def _after_fork() -> None:
    for connection in list(_connections):
        connection._forget()


@atexit.register
def _at_exit() -> None:
    for connection in list(_connections):
        connection.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def open_child() -> Carrier:
    """Starts the program that this package brings."""
    return Child(command("serve", "--stdio"))
