"""A .keras archive's weights as NumPy arrays (model.weights.npz), turned into the HDF5 file that Keras usually writes."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from typing import BinaryIO

import h5py
import numpy as np

from reportgen.errors import ModelError
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

NPZ_WEIGHTS = "model.weights.npz"
REMEDY = "Save the model again with model.save('model.keras')."


def npz_as_hdf5(
    content: BinaryIO, *, name: str, memory_limit: int, check: Callable[[zipfile.ZipFile], list[zipfile.ZipInfo]]
) -> BinaryIO:
    """Return an HDF5 file in memory with the arrays of an .npz; pickled objects in it are never loaded.

    Args:
        content: of the .npz.
        name: of the archive, for errors.
        memory_limit: bytes that the arrays may take together.
        check: returns a zip archive's members after they were checked.

    Raises:
        ModelError: the .npz is damaged, holds objects, or is over the limit.
    """
    result = io.BytesIO()
    total = 0
    try:
        with zipfile.ZipFile(content) as archive, h5py.File(result, "w") as file:
            for entry in check(archive):
                with archive.open(entry) as member:
                    shape, dtype = _header(member)
                    total += math.prod(shape) * dtype.itemsize
                    if dtype.hasobject:
                        raise _refusal(name, f"pickled objects in {shown(entry.filename)}, which are never loaded")
                    if math.prod(shape) * dtype.itemsize > entry.file_size:
                        raise _refusal(name, f"an array that is longer than its member, {shown(entry.filename)}")
                    if total > memory_limit:
                        raise ModelError(
                            f"{name} needs more memory than allowed. Received: {limits.readable(total)} of weights "
                            f"(limit {limits.readable(memory_limit)}). Raise --memory-limit."
                        )
                with archive.open(entry) as member:
                    file[entry.filename.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
    except (ValueError, EOFError, OSError, TypeError, KeyError, RuntimeError) as error:
        raise _refusal(name, reason_of(error, limit=120)) from error
    result.seek(0)
    return result


def _header(member: object) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(member)  # type: ignore[arg-type]
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)  # type: ignore[arg-type]
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)  # type: ignore[arg-type]
    return tuple(shape), dtype


def _refusal(name: str, received: str) -> ModelError:
    return ModelError(f"{name}: {NPZ_WEIGHTS} cannot be read. Received: {received}. {REMEDY}")
