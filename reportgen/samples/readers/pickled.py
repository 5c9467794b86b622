"""Data sets that are distributed as Python pickles: CIFAR's batches, and dictionaries of arrays as of traffic signs.

Source: https://www.cs.toronto.edu/~kriz/cifar.html: 'data' has a row of 3072 bytes for each image, first all red values, then the
green ones, then the blue; 'labels' (or 'fine_labels' and 'coarse_labels') a number for each. Nothing of Python is called.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import say
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import StoredArray
from reportgen.samples.readers.arrays_by_name import choose, labels_name
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.readers.unread import what_it_is
from reportgen.samples.shapes import InputShape
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import escaped
from reportgen.untrusted.pickles import PickleError, arrays_of_pickle

_BATCH_LABELS = ("labels", "fine_labels", "coarse_labels")
# Where the names of a batch's classes lie beside it
_NAMES_BESIDE = {"labels": ("batches.meta", "label_names"), "fine_labels": ("meta", "fine_label_names")}
_MOST_NAME_BYTES = 1 << 20


class PickledArrays:
    """A pickle of arrays alone."""

    def match(self, file: GivenFile) -> bool:
        """Return whether samples were asked for and the file begins as a pickle does (of protocol 2 or newer)."""
        return not file.labels and len(file.head) > 1 and file.head[0] == 0x80 and 2 <= file.head[1] <= 5

    def open(self, file: GivenFile) -> StoredArray:
        """Return the images of a batch, or the array of a dictionary that holds the samples.

        Raises:
            SamplesError: it holds anything else than a dictionary of arrays, texts and numbers.
        """
        found = _read(file.path, file.memory_limit)
        data = found.get("data")
        if isinstance(data, np.ndarray) and data.ndim == 2 and data.dtype == np.uint8:
            return _batch(file, found, data)
        arrays = {name: value for name, value in found.items() if isinstance(value, np.ndarray) and value.ndim}
        shapes = {name: value.shape for name, value in arrays.items()}
        name, notes = choose(file, shapes)
        beside = labels_name(name, arrays)
        return StoredArray(
            values=arrays[name],
            name=shown_name(name),
            description=say("{file}, array {array}", file=base_name(file.path), array=shown_name(name)),
            labels=None
            if beside is None
            else GivenLabels(
                arrays[beside],
                say("array {labels} beside {samples}", labels=shown_name(beside), samples=shown_name(name)),
            ),
            notes=notes,
        )


def _read(path: Path, memory_limit: int) -> dict[str, Any]:
    """Return what a pickle's dictionary holds, by name; lists of numbers as arrays.

    Raises:
        SamplesError: it is too large, or no dictionary of arrays.
    """
    try:
        size = path.stat().st_size
        if size > memory_limit:
            raise SamplesError(limits.over_memory(base_name(path), size, " of a pickle", limit=memory_limit))
        content = arrays_of_pickle(path.read_bytes())
    except OSError as error:
        raise cannot_be_read(path, error) from error
    except PickleError as error:
        raise _refused(path, str(error)) from error
    if not isinstance(content, dict):
        raise _refused(path, f"it holds a {type(content).__name__} and no dictionary")
    named = {_text(name): value for name, value in content.items()}
    found = {name: _array(value) for name, value in named.items()}
    if not any(isinstance(value, np.ndarray) and value.ndim > 1 for value in found.values()):
        raise _refused(path, "it holds no array of samples")
    return found


def _refused(path: Path, reason: str) -> SamplesError:
    what, recipe = what_it_is("x.pkl") or ("", "")
    return SamplesError(f"{base_name(path)} is {what}; one of arrays alone is read. Received: {reason}. {recipe}")


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _array(value: Any) -> Any:
    if isinstance(value, list) and value and all(type(one) is int for one in value):
        return np.array(value, np.int64) if all(abs(one) < 1 << 62 for one in value) else value
    return value


def _batch(file: GivenFile, found: Mapping[str, Any], data: np.ndarray) -> StoredArray:
    """Return the images of a batch: planes of red, green and blue become pixels, where the model has the channels last."""
    side = math.isqrt(data.shape[1] // 3)
    planes = data.shape[1] == 3 * side * side
    if planes and file.input_shape != data.shape[1:]:
        data = data.reshape(-1, 3, side, side)
        data = data if _channels_first(file.input_shape) else np.moveaxis(data, 1, -1)
    label = next((name for name in _BATCH_LABELS if isinstance(found.get(name), np.ndarray)), None)
    names = _names_beside(file.path, label)
    return StoredArray(
        values=data,
        name="data",
        description=base_name(file.path),
        labels=None
        if label is None
        else GivenLabels(found[label], say("array {labels} beside {samples}", labels=label, samples="data")),
        class_names=names,
        class_names_note="" if names is None else say("Class names: {file}.", file=_NAMES_BESIDE[label or ""][0]),
        notes=(say("A batch of CIFAR's layout: planes of red, green and blue."),) if planes else (),
    )


def _channels_first(input_shape: InputShape | None) -> bool:
    return input_shape is not None and len(input_shape) == 3 and input_shape[0] == 3 and input_shape[-1] != 3


def _names_beside(path: Path, label: str | None) -> tuple[str, ...] | None:
    """Return the names of the classes out of the file that lies beside a batch; None where there is none of the kind."""
    if label not in _NAMES_BESIDE:
        return None
    beside, key = path.parent / _NAMES_BESIDE[label][0], _NAMES_BESIDE[label][1]
    try:
        if not beside.is_file() or beside.stat().st_size > _MOST_NAME_BYTES:
            return None
        content = arrays_of_pickle(beside.read_bytes())
    except (OSError, PickleError):
        return None
    named = {_text(name): value for name, value in content.items()} if isinstance(content, dict) else {}
    names = named.get(key)
    texts = isinstance(names, list) and names and all(isinstance(one, str | bytes) for one in names)
    return tuple(escaped(_text(one)) for one in names or ()) if texts else None
