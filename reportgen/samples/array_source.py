"""An array as samples: compared with the model's input, and read by index."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.arrays import StoredArray
from reportgen.samples.files import shown_name
from reportgen.samples.labels import Accepts, GivenLabels, understand
from reportgen.samples.sample_source import SampleSource, check_finite
from reportgen.samples.shapes import check_has_batch_axis, missing_channel_axis


def open_array(
    stored: StoredArray, given: GivenLabels | None, class_names: tuple[str, ...] | None, accepts: Accepts
) -> SampleSource:
    """Return an array as samples; nothing of a memory-mapped one is read yet.

    Args:
        stored: (N, ...) numbers with what was found beside them.
        given: labels that come before those found, or None.
        class_names: names that come before those found, or None.
        accepts: what the model allows.

    Raises:
        SamplesError: not numbers, no samples, another shape than the model's input, or labels that do not fit.
    """
    values = stored.values
    _check_numbers(stored)
    axis = None
    if accepts.input_shape is not None:
        check_has_batch_axis(values.shape, accepts.input_shape)
        axis = missing_channel_axis(values.shape[1:], accepts.input_shape)
    notes = stored.notes
    if class_names is None and stored.class_names_note:
        notes = (*notes, stored.class_names_note)
    class_names = class_names or stored.class_names
    given = given or stored.labels
    labels = None if given is None else understand(given, accepts, count=len(values), class_names=class_names)
    shape = values.shape[1:]
    if axis is not None:
        shape = (*shape, 1) if axis == -1 else (1, *shape)
        notes = (say("A channel axis was added."), *notes)
    return SampleSource(
        read=partial(_read, stored, axis),
        count=len(values),
        shape=shape,
        dtype=values.dtype.newbyteorder("="),
        labels=labels,
        names=partial(_name, stored),
        class_names=class_names,
        description=stored.description,
        notes=notes,
    )


def _name(stored: StoredArray, index: int) -> str:
    return f"{stored.name}[{index}]"


def _read(stored: StoredArray, axis: int | None, indices: Sequence[int]) -> np.ndarray:
    """Return samples (n, ...) in native byte order, copied, with the channel axis added where it is missing."""
    batch = np.array(stored.values[np.asarray(indices, np.intp)], stored.values.dtype.newbyteorder("="))
    for index, sample in zip(indices, batch, strict=True):
        check_finite(sample, _name(stored, index))
    return batch if axis is None else np.expand_dims(batch, -1 if axis == -1 else 1)


def _check_numbers(stored: StoredArray) -> None:
    if stored.values.dtype.kind not in "buif":
        raise SamplesError(
            f"samples must be numbers. Received: dtype {shown_name(str(stored.values.dtype))} in {stored.description}. "
            "Convert them to an array of numbers."
        )
    if stored.values.size == 0:
        raise SamplesError(
            f"There are no samples. Received: shape {stored.values.shape} in {stored.description}. Give at least one."
        )
