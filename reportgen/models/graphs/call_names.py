"""The names of the calls of a model's layers."""

from __future__ import annotations

_CALL = " (call "


def call_name(path: str, number: int) -> str:
    """Return the name of a layer's call, counted from 1: the layer's path, from the second on with ' (call 2)'."""
    return path if number == 1 else f"{path}{_CALL}{number})"


def call_number(name: str) -> int:
    """Return the number of a call, counted from 1, by its name."""
    return int(name.rsplit(_CALL, 1)[1][:-1]) if _CALL in name else 1


def layer_path(name: str) -> str:
    """Return the path of the layer that a call is named after."""
    return name.split(_CALL)[0]


class CallNames:
    """Names the calls of one pass as they come: 'conv', then 'conv (call 2)'."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def next(self, path: str) -> str:
        """Return the name of the next call of the layer at a path."""
        self._counts[path] = number = self._counts.get(path, 0) + 1
        return call_name(path, number)
