"""Wrappers around the `call` of layers, put on for the length of a forward pass and always taken off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


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
    replaced: list[tuple[Any, Any]] = []
    try:
        for path, layer in layers.items():
            wrapped = _wrapped(layer.call, path, on_output, on_input)
            replaced.append((layer, vars(layer).get("call")))
            vars(layer)["call"] = wrapped
        yield
    finally:
        for layer, before in replaced:
            if before is None:
                del vars(layer)["call"]
            else:
                vars(layer)["call"] = before


def _wrapped(
    call: Callable[..., Any],
    path: str,
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
