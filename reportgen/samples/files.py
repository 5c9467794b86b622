"""How files are found, opened and named in messages: base names only, on one line, never the folder."""

import csv
from pathlib import Path

from reportgen.errors import SamplesError
from reportgen.untrusted import escaping, limits
from reportgen.untrusted.addresses import how_to_download
from reportgen.untrusted.regular import kind_of

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
# File names differ at their ends, so that a cut one keeps both
_CUT = {"limit": 60, "end": 19}

_MARKS = (",", ";", "\t")
"""What may stand between the columns of a table."""


def shown_name(text: str) -> str:
    """Return `text` escaped and at most 60 characters long; what is cut from the middle becomes '…'."""
    return escaping.shown(text, **_CUT)


def base_name(path: Path) -> str:
    """Return the last part of `path` as it may be shown; for '.' and '..' the folder's own name."""
    return escaping.base_name(path, **_CUT)


def reason(error: BaseException) -> str:
    """Return an error's own words on one line; of an OSError not the file name, which holds the folder."""
    return escaping.reason_of(error, **_CUT)


def exists(path: Path) -> bool:
    """Return whether `path` is there. A name that no file can have is not an error."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def existing_path(source: str | Path, option: str = "--samples") -> Path:
    """Return `source` as a path of something that exists.

    Args:
        source: as given.
        option: that it was given to, for the message.

    Raises:
        SamplesError: there is nothing of this name, or it is neither a regular file nor a folder.
    """
    path = Path(source)
    if not exists(path):
        if download := how_to_download(str(source)):
            raise SamplesError(f"{option} must be a file on this machine. {download}")
        raise SamplesError(f"{option}: no such file or folder. Received: {base_name(path)}. Check the name.")
    # Opening a FIFO waits for ever, and a device never ends
    if not (path.is_file() or path.is_dir()):
        raise SamplesError(
            f"{option} must be a regular file or a folder. Received: {base_name(path)}, which is {kind_of(path.stat().st_mode)}. "
            "Write its content to a file first."
        )
    return path


def first_bytes(path: Path, count: int = 8) -> bytes:
    """Return the first `count` bytes of a file, fewer if it is shorter.

    Raises:
        SamplesError: the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise cannot_be_read(path, error) from error


def cannot_be_read(path: Path, error: BaseException) -> SamplesError:
    """Return the error for a file that is damaged, incomplete or not allowed to be read."""
    return SamplesError(
        f"{base_name(path)} cannot be read. Received: {reason(error)}. Check that the file is complete and readable."
    )


def read_lines(path: Path, *, stripped: str | None = None) -> list[str]:
    """Return the lines of a UTF-8 text file, stripped, without the empty ones at its end.

    Args:
        path: the file.
        stripped: what is stripped; None for all white space.

    Raises:
        SamplesError: the file cannot be read, is not text, is empty, or has an empty line in between.
    """
    try:
        if path.stat().st_size > limits.TEXT_BYTES:
            size = limits.readable(path.stat().st_size)
            raise SamplesError(f"{base_name(path)} is too large. Received: {size} of text. Give fewer lines.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise cannot_be_read(path, error) from error
    lines = [line.strip(stripped) for line in text.rstrip(stripped).splitlines()]
    if not lines:
        raise SamplesError(f"{base_name(path)} is empty. Received: no line. Write one entry on each line.")
    if "" in lines:
        raise SamplesError(
            f"{base_name(path)} must hold one entry on each line. Received: nothing on line {lines.index('') + 1}."
        )
    return lines


def read_rows(path: Path) -> list[list[str]]:
    """Return the entries of each line of a CSV file, at least one line; between them stand commas, semicolons or tabs.

    Whichever gives all lines as many columns, and more than one; where none does, what the first line has most of.

    Raises:
        SamplesError: see `read_lines`; or an entry is too long.
    """
    lines = read_lines(path, stripped=" \r\n")
    try:
        read = {mark: list(csv.reader(lines, delimiter=mark)) for mark in _MARKS}
    except csv.Error as error:
        raise cannot_be_read(path, error) from error
    even = (mark for mark, rows in read.items() if len(rows[0]) > 1 and len(set(map(len, rows))) == 1)
    return read[next(even, max(_MARKS, key=lines[0].count))]
