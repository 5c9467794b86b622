"""Samples and labels in NumPy's files, `.npy` and `.npz`."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import first_of
from reportgen.samples.files import base_name, cannot_be_read, shown_name
from reportgen.untrusted import limits
from reportgen.untrusted.npy import ArrayError, ArrayHeader, check_size, read_header, read_values

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)


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


def npz_headers(path: Path) -> dict[str, ArrayHeader | None]:
    """Return the header of every array of a `.npz` file by name, without inflating the arrays.

    None stands for what is no array of numbers or text, such as Python objects; `read_npz_array` says why.

    Raises:
        SamplesError: not a zip file, damaged, or it holds two arrays of one name.
    """
    headers: dict[str, ArrayHeader | None] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.namelist() if member.endswith(".npy")]
            if len(set(members)) < len(members):
                raise SamplesError(f"{base_name(path)} holds two arrays of one name. Received: {_listed(members)}.")
            for member in members:
                try:
                    with archive.open(member) as stream:
                        headers[member.removesuffix(".npy")] = read_header(stream)
                except ArrayError:
                    headers[member.removesuffix(".npy")] = None
    except _ZIP_ERRORS as error:
        raise cannot_be_read(path, error) from error
    return headers


def read_npz_array(path: Path, name: str, *, memory_limit: int = limits.HALF_OF_MEMORY) -> np.ndarray:
    """Return one array of a `.npz` file; the others are not read.

    Args:
        path: the file.
        name: the array's name, without '.npy'.
        memory_limit: bytes that it may take.

    Raises:
        SamplesError: no such array, or it holds Python objects, declares a size that is not its own, or is too large.
    """
    shown = f"{base_name(path)}, array {shown_name(name)},"
    try:
        with zipfile.ZipFile(path) as archive:
            if f"{name}.npy" not in archive.namelist():
                members = [member.removesuffix(".npy") for member in archive.namelist() if member.endswith(".npy")]
                raise SamplesError(
                    f"{base_name(path)} has no array of this name. Received: {shown_name(name)}. "
                    f"It holds {_listed(members)}."
                )
            member = archive.getinfo(f"{name}.npy")
            with archive.open(member) as stream:
                header = read_header(stream)
                # zipfile never inflates more than `file_size`, so that this check bounds the memory
                check_size(header, member.file_size)
                if header.nbytes > memory_limit:
                    what = f" for shape {header.shape}"
                    raise SamplesError(limits.over_memory(shown, header.nbytes, what, limit=memory_limit))
                return read_values(stream, header, size=member.file_size)
    except ArrayError as error:
        raise SamplesError(error.about(shown)) from error
    except MemoryError as error:
        raise SamplesError(f"{shown} does not fit into memory. Received: {header.nbytes} bytes. Cut it.") from error
    except _ZIP_ERRORS as error:
        raise cannot_be_read(path, error) from error


def _listed(names: list[str]) -> str:
    return first_of(map(shown_name, names), 12) or "no array"
