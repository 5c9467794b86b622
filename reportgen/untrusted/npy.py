"""NumPy's files, `.npy` and `.npz`: headers are checked before any value is read, and nothing is ever unpickled.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import math
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from reportgen.errors import SamplesError
from reportgen.samples import files
from reportgen.samples.files import base_name, cannot_be_read, shown_name

NPY_MAGIC = b"\x93NUMPY"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)


@dataclass(frozen=True)
class ArrayHeader:
    """What the header of a stored array declares.

    Attributes:
        shape: sizes of all axes.
        fortran_order: whether the first axis varies fastest.
        dtype: of the values.
        offset: of the first value from the header's start, in bytes.
    """

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype
    offset: int

    @property
    def nbytes(self) -> int:
        """Size of the values in bytes, as declared."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(path: Path) -> np.ndarray:
    """Return the array of a `.npy` file, memory-mapped and read-only.

    Raises:
        SamplesError: not a NumPy file, or one that holds Python objects, no values, or not as many as it declares.
    """
    try:
        with path.open("rb") as stream:
            header = _read_header(stream, base_name(path))
            size = stream.seek(0, 2)
    except OSError as error:
        raise cannot_be_read(path, error) from error
    _check_size(header, size, base_name(path))
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
                name = member.removesuffix(".npy")
                try:
                    with archive.open(member) as stream:
                        headers[name] = _read_header(stream, shown_name(member))
                except SamplesError:
                    headers[name] = None
    except _ZIP_ERRORS as error:
        raise cannot_be_read(path, error) from error
    return headers


def read_npz_array(path: Path, name: str) -> np.ndarray:
    """Return one array of a `.npz` file; the others are not read.

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
                header = _read_header(stream, shown)
                # zipfile never inflates more than `file_size`, so that this check bounds the memory
                _check_size(header, member.file_size, shown)
                _check_limit(header, shown)
                flat = np.frombuffer(stream.read(), header.dtype)
    except MemoryError as error:
        raise SamplesError(f"{shown} does not fit into memory. Received: {header.nbytes} bytes. Cut it.") from error
    except _ZIP_ERRORS as error:
        raise cannot_be_read(path, error) from error
    return flat.reshape(header.shape, order="F" if header.fortran_order else "C")


def _listed(names: list[str]) -> str:
    return ", ".join(shown_name(name) for name in names[:12]) + (", …" if len(names) > 12 else "") or "no array"


def _read_header(stream: IO[bytes], shown: str) -> ArrayHeader:
    """Return the header at the start of `stream`, which is left at the first value."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # written by Python 2: read all the same
            version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call,unused-ignore]
            if version not in ((1, 0), (2, 0), (3, 0)):
                raise ValueError(version)
            # Version 3 differs from 2 in the names of structured fields alone, which are refused below
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran_order, dtype = read(stream)  # type: ignore[no-untyped-call,unused-ignore]
    except OSError:
        raise
    except Exception as error:  # a hostile header reaches ast and numpy.dtype, which raise almost anything
        # NumPy's own text here advises allow_pickle=True, which would run the file's code
        raise SamplesError(
            f"{shown} is not a NumPy array file, or its header is damaged. Received: {type(error).__name__} "
            "where the header should be. Save it again with numpy.save or numpy.savez."
        ) from error
    if dtype.hasobject:
        raise SamplesError(
            f"{shown} holds pickled Python objects, which are never loaded because that runs code. "
            "Received: dtype object. Save it as an array of numbers."
        )
    if dtype.kind not in "buifU" or any(size < 0 for size in shape):
        raise SamplesError(
            f"{shown} must hold numbers. Received: dtype {shown_name(str(dtype))}, shape {shape}. "
            "Save it as an array of numbers."
        )
    return ArrayHeader(tuple(shape), bool(fortran_order), dtype, stream.tell())


def _check_size(header: ArrayHeader, size: int, shown: str) -> None:
    """Raise SamplesError unless a member of `size` bytes is exactly the header and the values that it declares."""
    if header.offset + header.nbytes != size:
        raise SamplesError(
            f"{shown} declares shape {header.shape} of {header.dtype}, {header.nbytes} bytes. "
            f"Received: {size - header.offset} bytes. Check that the file is complete."
        )


def _check_limit(header: ArrayHeader, shown: str) -> None:
    if header.nbytes > files.BYTES_LIMIT:
        raise SamplesError(
            f"{shown} is larger than the limit of {files.BYTES_LIMIT} bytes, half of the memory. "
            f"Received: shape {header.shape}, {header.nbytes} bytes. Save fewer samples, or a .npy file."
        )
