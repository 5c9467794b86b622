"""Arrays as samples: in memory or of a `.npy` file, compared with the model's input and read by index."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.class_names import ClassNames
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.labels import LABELS_LEFT_OUT, Accepts, ClassLabels, GivenLabels, understand
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.resizing import Resizing
from reportgen.samples.shapes import check_has_batch_axis, missing_channel_axis
from reportgen.samples.source import SampleSource, check_finite
from reportgen.untrusted.npy import ArrayError, ArrayHeader, check_size, read_header

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

    def _in_order_of(self, class_names: ClassNames, labels: ClassLabels) -> ClassLabels:
        """Return labels of the source's own class names in the order of the given ones, where each of its names is among them."""
        own = self.class_names or ()
        places = [place for name in own if (place := class_names.position(name)) is not None]
        highest = int(labels.values.max(initial=0))
        if len(set(places)) < len(own) or highest >= len(own) or places == list(range(len(own))):
            return labels
        note = say("Labels were reordered from the source's class names to the given ones.")
        return replace(labels, values=np.array(places, np.int64)[labels.values], notes=(*labels.notes, note))

    def source(self, accepts: Accepts, *, labels: GivenLabels | None, class_names: ClassNames | None) -> SampleSource:
        """Return the array as samples, see `Found.source`; nothing of a memory-mapped one is read yet.

        Raises:
            SamplesError: not numbers, no samples, another shape than the model's input, or labels that do not fit.
        """
        values = self.values
        _check_numbers(self)
        axis = resizing = None
        if accepts.input_shape is not None:
            check_has_batch_axis(values.shape, accepts.input_shape)
            resizing = _resizing(values.shape[1:], accepts)
            axis = missing_channel_axis(values.shape[1:] if resizing is None else resizing.shape, accepts.input_shape)
        notes = self.notes
        if class_names is None and self.class_names_note:
            notes = (*notes, self.class_names_note)
        names = class_names or (None if self.class_names is None else ClassNames(self.class_names))
        given = labels or self.labels
        known = None if given is None else understand(given, accepts, count=len(values), class_names=names)
        if labels is None and class_names is not None and isinstance(known, ClassLabels):
            known = self._in_order_of(class_names, known)
        shape = values.shape[1:] if resizing is None else resizing.shape
        if axis is not None:
            shape = (*shape, 1) if axis == -1 else (1, *shape)
            notes = (say("A channel axis was added."), *notes)
        return SampleSource(
            read=partial(_read, self, axis, resizing),
            read_stored=None if resizing is None else partial(_read, self, None, None),
            noticed=tuple if resizing is None else resizing.resizing.noticed,
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
    return map_values(path, header) if header.nbytes else np.empty(header.shape, header.dtype)


def map_values(path: Path, header: ArrayHeader) -> np.ndarray:
    """Return an array of at least one value that lies in a file, memory-mapped and read-only.

    Args:
        path: the file.
        header: what its header declares; `offset` counts from the file's start.
    """
    order = "F" if header.fortran_order else "C"
    return np.memmap(path, header.dtype, "r", header.offset, header.shape, order)  # type: ignore[call-overload,no-any-return]


def _forget_pages(values: np.ndarray) -> None:
    """Let go of what was read of a mapped file: else all of it counts as this process' memory in the end.

    Nothing is lost, as the system keeps the pages while it has room.
    """
    base: Any = values if isinstance(values, np.memmap) else None
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class _ArrayResizing:
    """How samples of an array are resized.

    Attributes:
        resizing: what brings an image (height, width, channels) to the model's size.
        shape: a sample's, resized.
        heights: the axis of a sample that counts its rows: 1 where the channels come first, else 0.
    """

    resizing: Resizing
    shape: tuple[int, ...]
    heights: int

    def apply(self, batch: np.ndarray) -> np.ndarray:
        """Return samples (n, ...) in the model's size."""
        images = np.moveaxis(batch, 1, -1) if self.heights else batch.reshape(*batch.shape[:3], -1)
        resized = np.stack([self.resizing.apply(image) for image in images])
        return np.ascontiguousarray(np.moveaxis(resized, -1, 1)) if self.heights else resized.reshape(-1, *self.shape)


def _resizing(shape: tuple[int, ...], accepts: Accepts) -> _ArrayResizing | None:
    """Return how images of an array are resized, where that was asked for and is what they need; else None."""
    wanted, how = accepts.input_shape, accepts.resize
    if how == "auto" or how == "none" or wanted is None or len(wanted) != 3:
        return None
    if len(shape) == 2 or (len(shape) == 3 and shape[-1] == wanted[-1]):
        heights, channels = (0, wanted[-1]) if wanted[0] != 1 or wanted[-1] == 1 else (1, 1)
    elif len(shape) == 3 and shape[0] == wanted[0]:
        heights, channels = 1, wanted[0]
    else:
        return None
    height, width = wanted[heights : heights + 2]
    if height is None or width is None or (len(shape) == 2 and channels != 1):
        return None
    if len(shape) == 2:
        return _ArrayResizing(Resizing(how, (height, width)), (height, width), 0)
    return _ArrayResizing(
        Resizing(how, (height, width)), (*shape[:heights], height, width, *shape[heights + 2 :]), heights
    )


def _read(stored: StoredArray, axis: int | None, resizing: _ArrayResizing | None, indices: Sequence[int]) -> np.ndarray:
    """Return samples (n, ...) in native byte order, copied, resized and with the channel axis added where need be."""
    batch = np.array(stored.values[np.asarray(indices, np.intp)], stored.values.dtype.newbyteorder("="))
    _forget_pages(stored.values)
    if batch.dtype.kind == "f" and not np.isfinite(batch).all():
        for index, sample in zip(indices, batch, strict=True):
            check_finite(sample, stored.sample_name(index))
    if resizing is not None and len(batch):
        batch = resizing.apply(batch)
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
