"""Attributes and arrays of a checked HDF5 file."""

from __future__ import annotations

import math
from typing import Any

import h5py
import numpy as np

from reportgen.errors import ModelError
from reportgen.reading.containers.hdf5 import REMEDY, Hdf5Contents, one_line_if_damaged
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown


def read_attribute(holder: h5py.Group | h5py.Dataset, key: str, *, name: str) -> Any:
    """Return an attribute with its bytes decoded: a str, a list of str, a number; None where there is none.

    Raises:
        ModelError: it is over the size limit or cannot be read.
    """
    with one_line_if_damaged(name):
        if key not in holder.attrs:
            return None
        declared = holder.attrs.get_id(key)
        if math.prod(declared.shape) * declared.dtype.itemsize > limits.HDF5_ATTRIBUTE_BYTES:
            raise ModelError(f"{name} has an attribute that is too long. Received: {shown(key)}. {REMEDY}")
        value = holder.attrs[key]
        if isinstance(value, np.ndarray):
            return [_text(item) for item in value.tolist()]
        return _text(value.item() if isinstance(value, np.generic) else value)


def read_names(group: h5py.Group, key: str, *, name: str) -> list[str]:
    """Return a list of names that Keras wrote as one attribute, or as several with numbers where it is long.

    Source: `save_attributes_to_hdf5_group` in keras/src/legacy/saving/legacy_h5_format.py.
    """
    whole = read_attribute(group, key, name=name)
    if whole is not None:
        return [str(item) for item in whole] if isinstance(whole, list) else [str(whole)]
    names: list[str] = []
    chunk = 0
    while f"{key}{chunk}" in group.attrs:
        names.extend(str(item) for item in read_attribute(group, f"{key}{chunk}", name=name))
        chunk += 1
    return names


def read_array(contents: Hdf5Contents, path: str, *, name: str) -> np.ndarray:
    """Return a checked data set as an array; bfloat16, which HDF5 does not know, as float32.

    Raises:
        ModelError: its bytes cannot be read.
    """
    with one_line_if_damaged(name):
        dataset = contents.file[path]
        values = np.asarray(dataset[()])
        if dataset.dtype.kind == "V" and dataset.dtype.itemsize == 2:
            # The upper half of a float32
            return (values.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        return values


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value
