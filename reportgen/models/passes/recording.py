"""Wrappers around the `call` of layers, put on for the length of a forward pass and always taken off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reportgen.models.passes.replacing import replacing


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
