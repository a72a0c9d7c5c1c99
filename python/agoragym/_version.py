"""The version of this package, which is that of the program it brings."""

from importlib.metadata import version

__version__ = version("agoragym")
