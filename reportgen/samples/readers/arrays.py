"""Arrays as samples: in memory or of a `.npy` file, compared with the model's input and read by index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.class_names import ClassNames
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.labels import LABELS_LEFT_OUT, Accepts, GivenLabels, understand
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.shapes import check_has_batch_axis, missing_channel_axis
from reportgen.samples.source import SampleSource, check_finite
from reportgen.untrusted.npy import ArrayError, check_size, read_header

NPY_MAGIC = b"\x93NUMPY"


@dataclass(frozen=True, kw_only=True)
class StoredArray:
    """An array with what belongs to it, not yet compared with the model.

    Attributes:
        values: (N, ...), perhaps memory-mapped.
        name: shown before an index: 'x_test' in 'x_test[3]'.
        description: where it is: 'samples.npz, array x_test'.
        labels: found beside it, or None.
        class_names: known from the source, in the order of the labels, or None.
        class_names_note: where these come from, one sentence; '' where the page need not say so.
        notes: what was chosen, one sentence each.
    """

    values: np.ndarray
    name: str
    description: str
    labels: GivenLabels | None = None
    class_names: tuple[str, ...] | None = None
    class_names_note: str = ""
    notes: tuple[str, ...] = ()

    def sample_name(self, index: int) -> str:
        """Return what sample number `index` is called: 'x_test[3]'."""
        return f"{self.name}[{index}]"

    def without_labels(self) -> StoredArray:
        """Return the array without the labels found beside it, and a note that they were left out."""
        return replace(self, labels=None, notes=(*self.notes, LABELS_LEFT_OUT))

    def source(self, accepts: Accepts, *, labels: GivenLabels | None, class_names: ClassNames | None) -> SampleSource:
        """Return the array as samples, see `Found.source`; nothing of a memory-mapped one is read yet.

        Raises:
            SamplesError: not numbers, no samples, another shape than the model's input, or labels that do not fit.
        """
        values = self.values
        _check_numbers(self)
        axis = None
        if accepts.input_shape is not None:
            check_has_batch_axis(values.shape, accepts.input_shape)
            axis = missing_channel_axis(values.shape[1:], accepts.input_shape)
        notes = self.notes
        if class_names is None and self.class_names_note:
            notes = (*notes, self.class_names_note)
        names = class_names or (None if self.class_names is None else ClassNames(self.class_names))
        given = labels or self.labels
        known = None if given is None else understand(given, accepts, count=len(values), class_names=names)
        shape = values.shape[1:]
        if axis is not None:
            shape = (*shape, 1) if axis == -1 else (1, *shape)
            notes = (say("A channel axis was added."), *notes)
        return SampleSource(
            read=partial(_read, self, axis),
            count=len(values),
            shape=shape,
            dtype=values.dtype.newbyteorder("="),
            labels=known,
            names=self.sample_name,
            class_names=None if names is None else names.names,
            description=self.description,
            notes=notes,
        )


class NumpyFile:
    """A `.npy` file."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the file begins as NumPy's do, or is called .npy."""
        return file.head.startswith(NPY_MAGIC) or file.path.suffix.lower() == ".npy"

    def open(self, file: GivenFile) -> StoredArray:
        """Return the array, memory-mapped."""
        path = file.path
        return StoredArray(
            values=read_npy(path), name=shown_name(path.name.removesuffix(".npy")), description=base_name(path)
        )


def array_in_memory(values: object) -> StoredArray:
    """Return an array, or whatever NumPy takes for one, such as a tensor."""
    if not (isinstance(values, np.ndarray) or hasattr(values, "__array__")):
        raise SamplesError(
            "samples must be a file, a folder, an array, or a tuple of samples and labels. "
            f"Received: {shown_name(type(values).__name__)}. Convert them with numpy.asarray."
        )
    return StoredArray(values=np.asarray(values), name="samples", description=say("array in memory"))


def read_npy(path: Path) -> np.ndarray:
    """Return the array of a `.npy` file, memory-mapped and read-only.

    Raises:
        SamplesError: not a NumPy file, or one that holds Python objects, no values, or not as many as it declares.
    """
    try:
        with path.open("rb") as stream:
            header = read_header(stream)
            check_size(header, stream.seek(0, 2))
    except ArrayError as error:
        raise SamplesError(error.about(base_name(path))) from error
    except OSError as error:
        raise cannot_be_read(path, error) from error
    if header.nbytes == 0:
        return np.empty(header.shape, header.dtype)
    order = "F" if header.fortran_order else "C"
    return np.memmap(path, header.dtype, "r", header.offset, header.shape, order)  # type: ignore[call-overload,no-any-return]


def _read(stored: StoredArray, axis: int | None, indices: Sequence[int]) -> np.ndarray:
    """Return samples (n, ...) in native byte order, copied, with the channel axis added where it is missing."""
    batch = np.array(stored.values[np.asarray(indices, np.intp)], stored.values.dtype.newbyteorder("="))
    for index, sample in zip(indices, batch, strict=True):
        check_finite(sample, stored.sample_name(index))
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
