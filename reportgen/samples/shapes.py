"""Whether samples fit the model's input, and the remedy where they do not."""

import math
from collections.abc import Sequence

from reportgen.errors import MisfitError

_RESIZE = "Resize them with --resize stretch, crop or pad,"
InputShape = tuple[int | None, ...]


def matches(shape: Sequence[int], input_shape: InputShape) -> bool:
    """Return whether a sample's shape is the model's, where None stands for a free size."""
    return len(shape) == len(input_shape) and all(
        wanted in (None, size) for size, wanted in zip(shape, input_shape, strict=True)
    )


def fits(shape: tuple[int, ...], input_shape: InputShape) -> bool:
    """Return whether a sample's shape is the model's, as it is or with a channel axis of size 1."""
    try:
        missing_channel_axis(shape, input_shape)
    except MisfitError:
        return False
    return True


def missing_channel_axis(shape: tuple[int, ...], input_shape: InputShape) -> int | None:
    """Return where a channel axis of size 1 must be inserted into a sample, or None when it fits as it is.

    Args:
        shape: one sample's, such as (28, 28).
        input_shape: the model's, without the batch axis, such as (28, 28, 1); None for a free size.

    Returns:
        -1 for the last axis, 0 for the first (a model with channels first), None for nothing to insert.

    Raises:
        MisfitError: the sample does not fit, also not with a channel axis.
    """
    if matches(shape, input_shape):
        return None
    if input_shape and input_shape[-1] == 1 and matches((*shape, 1), input_shape):
        return -1
    if len(input_shape) >= 3 and input_shape[0] == 1 and matches((1, *shape), input_shape):
        return 0
    raise MisfitError(
        f"samples must match the model's input {shown_shape(input_shape)}. Received: shape {shown_shape(shape)}. "
        f"{_remedy(shape, input_shape)}"
    )


def check_has_batch_axis(array_shape: tuple[int, ...], input_shape: InputShape) -> None:
    """Raise MisfitError when an array is one sample, not several: nothing is guessed about its first axis."""
    one_sample = matches(array_shape, input_shape)
    without_channel = len(array_shape) > 1 and input_shape[-1:] == (1,) and matches((*array_shape, 1), input_shape)
    if not array_shape or one_sample or without_channel:
        raise MisfitError(
            f"samples need a first axis that counts them, then the model's input {shown_shape(input_shape)}. "
            f"Received: an array of shape {shown_shape(array_shape)}. Add the axis with x[numpy.newaxis]."
        )


def shown_shape(shape: Sequence[int | None]) -> str:
    """Return a shape as Python writes a tuple; a free size is None."""
    return str(tuple(shape))


def _remedy(shape: tuple[int, ...], input_shape: InputShape) -> str:
    """Return the sentence that says how samples of `shape` could be made to fit."""
    if len(shape) == len(input_shape) >= 3:
        if matches((*shape[1:], shape[0]), input_shape):
            return "Their channels come first: move them with numpy.moveaxis(x, 1, -1)."
        if matches((shape[-1], *shape[:-1]), input_shape):
            return "Their channels come last: move them with numpy.moveaxis(x, -1, 1)."
        if matches(shape[:-1], input_shape[:-1]):
            return _channel_remedy(shape[-1], input_shape[-1])
        alike = len(shape) == 3 and (shape[-1] == input_shape[-1] or shape[0] == input_shape[0])
        return f"{_RESIZE if alike else 'Resize them'} or choose another file."
    if matches(shape, input_shape[:-1]):
        return f"Their channel axis is missing, and the model wants {input_shape[-1]} channels. Choose another file."
    if None not in input_shape and math.prod(shape) == math.prod(size for size in input_shape if size is not None):
        return f"Reshape them with x.reshape(-1, {', '.join(map(str, input_shape))})."
    if len(input_shape) == 3 and len(shape) == 2 and 1 in (input_shape[0], input_shape[-1]):
        return f"{_RESIZE} or choose another array."
    return "Choose another file or another array."


def _channel_remedy(received: int, wanted: int | None) -> str:
    if (received, wanted) == (3, 1):
        return "Convert them to greyscale or choose another file."
    if (received, wanted) == (1, 3):
        return "Repeat the channel with numpy.repeat(x, 3, axis=-1) or choose another file."
    if (received, wanted) == (4, 3):
        return "Drop the fourth channel, x[..., :3], or choose another file."
    return f"Give samples of {wanted} channels."
