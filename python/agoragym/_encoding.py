"""Spaces of Gymnasium for the wire's encodings and texts. Knows no environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from .client import Encoding, Turn
from .errors import AgoragymError

Observation = Literal["encoded", "text"]
#: Characters; the longest text of a shipped preset that was seen has a third of this.
MAX_TEXT = 100_000


def check_observation(observation: str) -> None:
    """Raises a :class:`ValueError` for what is no :data:`Observation`."""
    if observation not in get_args(Observation):
        raise ValueError(f"observation: expected 'encoded' or 'text', got {observation!r}")


class _Characters(Sequence[str]):
    """Every character, by its code point."""

    def __len__(self) -> int:
        return 0x110000

    def __getitem__(self, index: Any) -> Any:
        return chr(index)

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Characters)

    def __hash__(self) -> int:
        return 0


class UnicodeText(spaces.Text):
    """Text of any characters up to a length. Gymnasium's own knows a list of characters only, and what an economy says is not
    ASCII. Samples are printable ASCII."""

    def __init__(self, max_length: int, seed: int | None = None) -> None:
        super().__init__(max_length, min_length=0, charset="".join(map(chr, range(32, 127))), seed=seed)

    def contains(self, x: Any) -> bool:
        return isinstance(x, str) and len(x) <= self.max_length

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        length = int(self.np_random.integers(0, min(self.max_length, 200) + 1))
        return "".join(map(chr, self.np_random.integers(32, 127, size=length)))

    @property
    def character_set(self) -> Any:
        return _Characters()

    @property
    def character_list(self) -> Any:
        return _Characters()

    def character_index(self, char: str) -> np.int32:
        return np.int32(ord(char))

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"


def encoding_of(economy: str, made: Mapping[str, Any]) -> Encoding:
    """The encoding of what was made; an AgoragymError (``not_encoded``) where the economy has none."""
    encoding: Encoding | None = made.get("encoding")
    if encoding is None:
        raise AgoragymError("not_encoded", f"{economy} does not write itself as numbers, so it has no slots: use Session")
    return encoding


def box_of(encoding: Encoding) -> spaces.Box:
    """The encoded observation: a float32 a feature, in its bounds."""
    low = np.array([feature["low"] for feature in encoding["features"]], np.float32)
    high = np.array([feature["high"] for feature in encoding["features"]], np.float32)
    return spaces.Box(low, high, dtype=np.float32)


def mask_of(turn: Turn) -> NDArray[np.int8]:
    """Which slots are legal: 1 or 0 a slot. The first, which does nothing, is so also when there is nothing to do any more."""
    mask = np.array(turn["mask"], np.int8)
    mask[0] = 1
    return mask


def checked_text(text: str, space: UnicodeText) -> str:
    if len(text) > space.max_length:
        raise ValueError(f"a text of {len(text)} characters is longer than the space allows: pass max_text={2 * len(text)}")
    return text


def game_seed(given: int | None, random: np.random.Generator) -> int:
    """A game's seed: the one that was given, so that it is the game that ``agoragym eval`` plays on it; else one drawn."""
    return given if given is not None else int(random.integers(2**31))
