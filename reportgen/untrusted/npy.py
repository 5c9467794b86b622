"""NumPy's array format, `.npy`: the header is checked before any value is read, and nothing is ever unpickled.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import IO

import numpy as np

from reportgen.untrusted.escaping import shown


@dataclass(frozen=True)
class ArrayHeader:
    """What the header of a stored array declares.

    Attributes:
        shape: sizes of all axes.
        fortran_order: whether the first axis varies fastest.
        dtype: the values' type: numbers, booleans or text.
        offset: bytes from the header's start to the first value.
    """

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype
    offset: int

    @property
    def nbytes(self) -> int:
        """Size of the values in bytes, as declared."""
        return math.prod(self.shape) * self.dtype.itemsize


class ArrayError(ValueError):
    """A stored array is refused; whoever reads it makes an error of these words and the name of the file.

    Attributes:
        problem: what is wrong, to follow the array's name: 'holds pickled Python objects, …'.
        received: what was found.
        remedy: what to do, a sentence.
    """

    def __init__(self, problem: str, received: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.received, self.remedy = problem, received, remedy

    def about(self, name: str) -> str:
        """Return the error's whole text on an array of this name."""
        return f"{name} {self.problem}. Received: {self.received}. {self.remedy}"


def read_header(stream: IO[bytes], *, bfloat16: bool = False) -> ArrayHeader:
    """Return the header at the start of `stream`, which is left at the first value.

    Args:
        stream: open to read.
        bfloat16: whether two opaque bytes are a number too, which is how NumPy stores this type.

    Raises:
        ArrayError: there is no header, it is damaged, or it declares something else than numbers or text.
    """
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
        raise ArrayError(
            "is not a NumPy array file, or its header is damaged",
            f"{type(error).__name__} where the header should be",
            "Save it again with numpy.save or numpy.savez.",
        ) from error
    if dtype.hasobject:
        raise ArrayError(
            "holds pickled Python objects, which are never loaded because that runs code",
            "dtype object",
            "Save it as an array of numbers.",
        )
    known = dtype.kind in "buifU" or (bfloat16 and dtype == "V2")
    if not known or any(size < 0 for size in shape):
        received = f"dtype {shown(dtype, limit=60, end=19)}, shape {shape}"
        raise ArrayError("must hold numbers", received, "Save it as an array of numbers.")
    return ArrayHeader(tuple(shape), bool(fortran_order), dtype, stream.tell())


def check_size(header: ArrayHeader, size: int) -> None:
    """Raise ArrayError unless a file of `size` bytes is exactly the header and the values that it declares."""
    if header.offset + header.nbytes != size:
        raise ArrayError(
            f"declares shape {header.shape} of {header.dtype}, {header.nbytes} bytes",
            f"{size - header.offset} bytes",
            "Check that the file is complete.",
        )


def read_values(stream: IO[bytes], header: ArrayHeader, *, size: int) -> np.ndarray:
    """Return the array whose header was read from `stream`, read-only.

    Args:
        stream: open to read, at the first value.
        header: what it declares.
        size: bytes of header and values together; no more than these are read.

    Raises:
        ArrayError: the header declares another size.
    """
    check_size(header, size)
    flat = np.frombuffer(stream.read(header.nbytes), header.dtype)
    return flat.reshape(header.shape, order="F" if header.fortran_order else "C")
