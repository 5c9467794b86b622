"""Layers' calls and activations wrapped for the length of a pass, and always put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def replacing(layers: Mapping[str, Any], attribute: str, replacement: Callable[[str, Any], Any]) -> Iterator[None]:
    """Replace one attribute of these layers; then leave the layers as they were, also after an error.

    Args:
        layers: the layers by path.
        attribute: name of the attribute, such as 'call' or 'activation'.
        replacement: function that receives a layer's path and the attribute's value, and returns what stands in its place.
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
        layers: the layers by path.
        on_output: function that receives the path and the eager tensor. Whatever it or the model raises, the layers are restored.
        on_input: function that receives the path and the first argument, before the call.
    """
    with replacing(layers, "call", lambda path, call: _wrapped(path, call, on_output, on_input)):
        yield


@contextmanager
def recording_activations(layers: Mapping[str, Any], on_values: Callable[[str, Any], None]) -> Iterator[None]:
    """Call `on_values(path, values)` before each of these layers applies its own activation; then leave them as they were.

    Args:
        layers: layers with an activation inside, such as a Dense(10, "softmax"), by path.
        on_values: function that receives the path and what the activation is about to receive.
    """
    with replacing(layers, "activation", lambda path, activation: _heard(path, activation, on_values)):
        yield


def _heard(path: str, activation: Callable[..., Any], on_values: Callable[[str, Any], None]) -> Callable[..., Any]:
    def record_and_activate(values: Any, *args: Any, **kwargs: Any) -> Any:
        on_values(path, values)
        return activation(values, *args, **kwargs)

    return record_and_activate


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
