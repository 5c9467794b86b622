"""Layers' calls and activations wrapped for the length of a pass, and always put back."""

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


@contextmanager
def recording(
    layers: Mapping[str, Any],
    on_output: Callable[[str, Any], None],
    *,
    on_input: Callable[[str, Any], None] | None = None,
) -> Iterator[None]:
    """Call `on_output(path, output)` after every call of these layers; then leave the layers as they were.

    Args:
        layers: by path.
        on_output: receives the path and the eager tensor. Whatever it or the model raises, the layers are restored.
        on_input: receives the path and the first argument, before the call.
    """
    with replacing(layers, "call", lambda path, call: _wrapped(path, call, on_output, on_input)):
        yield


def _wrapped(
    path: str,
    call: Callable[..., Any],
    on_output: Callable[[str, Any], None],
    on_input: Callable[[str, Any], None] | None,
) -> Callable[..., Any]:
    def call_and_record(*args: Any, **kwargs: Any) -> Any:
        if on_input is not None:
            on_input(path, args[0] if args else next(iter(kwargs.values()), None))
        output = call(*args, **kwargs)
        on_output(path, output)
        return output

    return call_and_record
