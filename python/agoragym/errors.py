"""The errors of this package, and the one import of optional packages. Knows no protocol."""

from __future__ import annotations

import importlib
from typing import Any


class AgoragymError(RuntimeError):
    """What went wrong, as a word to branch on and a sentence to read.

    Attributes:
        code: snake_case. Of the server, those that ``docs/wire.md`` lists (``unknown_env``, ``bad_config``, ``capacity``, …). Of
            this package:
            ``no_node`` (no Node found, or one that does not start), ``no_program`` (the package has none built into it),
            ``node_died`` (the child process ended), ``other_version`` (the program found is not the one of this package);
            ``bad_url``, ``connection_refused`` (nobody answers there), ``capacity``, ``unauthorized``, ``connection_lost`` (the
            server went away); ``no_answer`` (in time), ``bad_answer`` (no message of the wire), ``unknown_protocol`` (another
            protocol number); ``forked`` (the session belongs to another process), ``closed`` (it was closed here);
            ``not_encoded`` (the economy does not write itself as numbers), ``bad_request``, ``bad_seed``, ``not_reset`` (used
            otherwise than said).
        message: what was expected, what came, what would work.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type[AgoragymError], tuple[str, str]]:
        return (type(self), (self.code, self.message))


def optional(module: str, extra: str) -> Any:
    """Imports an optional package; where it is missing, an ImportError names the extra that brings it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise ImportError(f"{module} is not installed: pip install 'agoragym[{extra}]'", name=error.name) from error
