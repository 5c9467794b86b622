"""The calls of layers by name, and the tensors that they return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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


def tensors_of(output: Any) -> Iterator[Any]:
    """Yield the tensors of what a layer or model returned: one, or a list or dictionary of them."""
    if isinstance(output, dict | list | tuple):
        for part in output.values() if isinstance(output, dict) else output:
            yield from tensors_of(part)
    elif hasattr(output, "shape"):
        yield output


def first_tensor(output: Any) -> Any:
    """Return the first tensor of what a layer or model returned; None for none."""
    return next(tensors_of(output), None)
