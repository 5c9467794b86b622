"""NumPy's archives, `.npz`: which array holds the samples, which one their labels, and nothing else is read."""

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from reportgen.errors import SamplesError
from reportgen.messages import first_of, say
from reportgen.samples.files import ZIP_MAGICS, base_name, cannot_be_read, shown_name
from reportgen.samples.labels import GivenLabels
from reportgen.samples.readers.arrays import NPY_MAGIC, StoredArray, map_values
from reportgen.samples.readers.arrays_by_name import choose, labels_name
from reportgen.samples.readers.reader import GivenFile
from reportgen.samples.readers.unread import what_it_is
from reportgen.untrusted import limits
from reportgen.untrusted.npy import ArrayError, ArrayHeader, check_size, read_header, read_values

_UNPACK = "Unpack it and give what is in it."
_CHECKED_AT_ONCE = 2**20  # bytes
_LENGTHS = 26  # bytes of a member's own header before the lengths of its name and of what follows that
_ZIP_ERRORS = (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError)


class NumpyArchive:
    """A `.npz` file, or one array of it."""

    def match(self, file: GivenFile) -> bool:
        """Return whether the file begins as a zip file does, or is called .npz and is no `.npy` file."""
        return file.head.startswith(ZIP_MAGICS) or (
            file.path.suffix.lower() == ".npz" and not file.head.startswith(NPY_MAGIC)
        )

    def open(self, file: GivenFile) -> StoredArray:
        """Return the array that is named, or the one that by its name holds the samples, or the labels; never another.

        Raises:
            SamplesError: the file cannot be read, or it does not say which of its arrays is meant.
        """
        if not file.head.startswith(ZIP_MAGICS):
            kind = what_it_is(file.path.stem, file.head)
            received = "an empty file" if not file.head else kind[0] if kind else "a file of another kind"
            raise SamplesError(
                f"{base_name(file.path)} is not a NumPy archive. Received: {received}. Save it again with numpy.savez."
            )
        headers = npz_headers(file.path)
        if not headers and not file.labels:
            what, recipe = what_it_is(file.path.name) or ("a zip file without arrays and without images", _UNPACK)
            raise SamplesError(f"{base_name(file.path)} holds no samples. Received: {what}. {recipe}")
        notes: tuple[str, ...] = ()
        name = file.array
        if name is None:
            kinds = "buifU" if file.labels else "buif"
            usable = [key for key, header in headers.items() if header is not None and header.dtype.kind in kinds]
            # Without a usable array one that is not is read, for the error that says why it cannot be
            shapes = {key: header.shape if (header := headers[key]) else () for key in usable or headers}
            name, notes = choose(file, shapes)
        values = read_npz_array(file.path, name, memory_limit=file.memory_limit)
        beside = None if file.labels else labels_name(name, headers)
        return StoredArray(
            values=values,
            name=shown_name(name),
            description=say("{file}, array {array}", file=base_name(file.path), array=shown_name(name)),
            labels=None
            if beside is None
            else GivenLabels(
                read_npz_array(file.path, beside, memory_limit=file.memory_limit),
                say("array {labels} beside {samples}", labels=shown_name(beside), samples=shown_name(name)),
            ),
            notes=notes,
        )


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
    """Return one array of a `.npz` file; the others are not read. One that is not compressed is memory-mapped, once checked.

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
                whole = member.compress_type == zipfile.ZIP_STORED and member.compress_size == member.file_size
                if not whole or not header.nbytes:
                    return read_values(stream, header, size=member.file_size)
                while stream.read(_CHECKED_AT_ONCE):  # raises at the end where the checksum is not that of the values
                    pass
            return map_values(path, replace(header, offset=_start(path, member) + header.offset))
    except ArrayError as error:
        raise SamplesError(error.about(shown)) from error
    except MemoryError as error:
        raise SamplesError(f"{shown} does not fit into memory. Received: {header.nbytes} bytes. Cut it.") from error
    except _ZIP_ERRORS as error:
        raise cannot_be_read(path, error) from error


def _start(path: Path, member: zipfile.ZipInfo) -> int:
    """Return where a member's content begins, after its own header, whose length differs from that in the directory."""
    with path.open("rb") as file:
        file.seek(member.header_offset + _LENGTHS)
        name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
    return member.header_offset + _LENGTHS + 4 + name + extra


def _listed(names: list[str]) -> str:
    return first_of(map(shown_name, names), 12) or "no array"
