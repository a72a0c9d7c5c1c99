"""Economies in which language models, scripted bots and trained policies act: play them from Python, one game or many at once.

A :class:`Session` is a game with live seats; everything else stands on it: ``agoragym.gym``, ``agoragym.pettingzoo``,
``agoragym.rllib`` (each needs the extra of its name). :func:`load` reads the runs that evaluations wrote.
"""

from ._version import __version__
from .client import Call, Client, Decision, Session, View
from .errors import AgoragymError
from .runs import Run, load

__all__ = ["AgoragymError", "Call", "Client", "Decision", "Run", "Session", "View", "__version__", "load"]
