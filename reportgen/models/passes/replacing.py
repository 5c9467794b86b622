"""Attributes of layers replaced for the length of a pass, and always put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def replacing(layers: Mapping[str, Any], attribute: str, replacement: Callable[[str, Any], Any]) -> Iterator[None]:
    """Replace one attribute of these layers; then leave the layers as they were, also after an error.

    Args:
        layers: by path.
        attribute: such as 'call' or 'activation'.
        replacement: receives a layer's path and the attribute's value, and returns what stands in its place.
    """
    replaced: list[tuple[Any, bool, Any]] = []
    try:
        for path, layer in layers.items():
            before = getattr(layer, attribute)
            replaced.append((layer, attribute in vars(layer), before))
            vars(layer)[attribute] = replacement(path, before)
        yield
    finally:
        for layer, own, before in replaced:
            if own:
                vars(layer)[attribute] = before
            else:
                vars(layer).pop(attribute, None)
