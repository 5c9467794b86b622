"""A .keras archive's weights as NumPy arrays (model.weights.npz), turned into the HDF5 file that Keras usually writes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO

import h5py

from reportgen.errors import ModelError
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown
from reportgen.untrusted.npy import ArrayError, read_header, read_values

NPZ_WEIGHTS = "model.weights.npz"
REMEDY = "Save the model again with model.save('model.keras')."


def npz_as_hdf5(
    content: BinaryIO, *, name: str, memory_limit: int, check: Callable[[zipfile.ZipFile], list[zipfile.ZipInfo]]
) -> BinaryIO:
    """Return an HDF5 file in memory with the arrays of an .npz; pickled objects in it are never loaded.

    Args:
        content: the .npz, open to read.
        name: the archive's name, for errors.
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
                    header = read_header(member, bfloat16=True)
                    total += header.nbytes
                    if total > memory_limit:
                        raise ModelError(limits.over_memory(name, total, " of weights", limit=memory_limit))
                    file[entry.filename.removesuffix(".npy")] = read_values(member, header, size=entry.file_size)
    except ArrayError as error:
        array = f"{name}: {NPZ_WEIGHTS}, array {shown(entry.filename)},"
        raise ModelError(f"{array} {error.problem}. Received: {error.received}. {REMEDY}") from error
    except (ValueError, EOFError, OSError, TypeError, KeyError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        received = reason_of(error, limit=120)
        raise ModelError(f"{name}: {NPZ_WEIGHTS} cannot be read. Received: {received}. {REMEDY}") from error
    result.seek(0)
    return result
