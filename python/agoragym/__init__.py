"""Economies in which language models, scripted bots and trained policies act: play them from Python, one game or many at once.

A :class:`Session` is a game with live seats; everything else stands on it: ``agoragym.gym``, ``agoragym.pettingzoo``,
``agoragym.rllib`` (each needs the extra of its name). :func:`load` reads the runs that evaluations wrote.
"""

from importlib.metadata import version as _version

from .errors import AgoragymError
from .runs import Run, load

__version__ = _version("agoragym")
__all__ = ["AgoragymError", "Run", "__version__", "load"]
