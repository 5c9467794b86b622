"""The errors that a user can meet, each with the exit code of the command line.

A message is one line: what is wrong, what was received, what to do. Exit code 1 is none of theirs: it says that the report was
written and that its findings did not pass --fail-on.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from reportgen.untrusted.escaping import reason_of


class ReportgenError(Exception):
    """Base of all errors that reportgen raises on purpose."""

    exit_code = 70  # EX_SOFTWARE, for an error without a code of its own; 1 would pass for a gate that failed


class UsageError(ReportgenError):
    """An option or an argument has a value that cannot be used."""

    exit_code = 2


class ModelError(ReportgenError):
    """The model cannot be read, or cannot be reported on."""

    exit_code = 3


class ForwardError(ModelError):
    """The model was read but cannot be run: the report is made without what needs a forward pass."""


class SamplesError(ReportgenError):
    """The samples, their labels or their selection do not fit."""

    exit_code = 4


class MisfitError(SamplesError):
    """Samples are of another shape or kind than this model takes; another model may take them."""


class OutputError(ReportgenError):
    """The report cannot be written where it was asked for."""

    exit_code = 5


class MachineError(ReportgenError):
    """The machine has too little memory, too few file handles or no room on a disk; no file is to blame."""

    exit_code = 71  # EX_OSERR


_MEMORY, _HANDLES, _DISK = (
    "too little memory",
    "too few file handles or threads",
    "too little room on a disk",
)
TOO_LITTLE_MEMORY = _MEMORY
_BY_NUMBER = {
    errno.ENOMEM: _MEMORY,
    errno.EMFILE: _HANDLES,
    errno.ENFILE: _HANDLES,
    errno.EAGAIN: _HANDLES,
    errno.ENOSPC: _DISK,
    errno.EDQUOT: _DISK,
    errno.EFBIG: _DISK,
}
# What libraries write without an error of the right kind: the loader of shared libraries, C++, TensorFlow, numpy under Keras
_BY_WORDS = {
    "failed to map segment": _MEMORY,
    "annot allocate memory": _MEMORY,
    "nable to allocate": _MEMORY,
    "ailed to allocate memory": _MEMORY,
    "std::bad_alloc": _MEMORY,
    "OOM when allocating": _MEMORY,
    "an't start new thread": _HANDLES,
    "Resource temporarily unavailable": _HANDLES,
    "Too many open files": _HANDLES,
    "No space left on device": _DISK,
}
_HDF5_NUMBER = re.compile(r"errno = (\d+)")
_REMEDIES = {
    _MEMORY: "Close other programs, allow more (ulimit -v), or report on fewer samples",
    _HANDLES: "Close other programs, or allow more (ulimit -n, ulimit -u)",
    _DISK: "Free some, or set TMPDIR to a folder of another disk",
}


def lack_in(text: str) -> str:
    """Return what a machine lacks by what a library wrote, such as 'too little memory'; '' where it says nothing of it."""
    number = _HDF5_NUMBER.search(text)
    by_number = _BY_NUMBER.get(int(number[1]), "") if number else ""
    return by_number or next((lack for words, lack in _BY_WORDS.items() if words in text), "")


def lack_of(error: BaseException | None) -> str:
    """Return what the machine has too little of, where an error or one before it comes of that; '' where none does.

    Args:
        error: with the errors that it was raised from, or while one of them was handled.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, MemoryError):
            return _MEMORY
        number = error.errno if isinstance(error, OSError) else None
        lack = _BY_NUMBER.get(number, "") if number is not None else ""
        # reportgen's own errors quote the file, which may say anything
        if not lack and not isinstance(error, ReportgenError) and isinstance(error, _WITHOUT_NUMBER):
            lack = lack_in(str(error)[:_LOOKED_AT])
        if lack:
            return lack
        error = error.__cause__ or error.__context__
    return ""


_WITHOUT_NUMBER = (OSError, ImportError, RuntimeError, ValueError, SystemError)
_LOOKED_AT = 4000  # characters of an error


def machine_error(lack: str, received: str) -> MachineError:
    """Return the error that says what the machine has too little of.

    Args:
        lack: see `lack_of`.
        received: what said so, in short.
    """
    return MachineError(f"this machine has {lack} for it. Received: {received}. {_REMEDIES[lack]}.")


@contextmanager
def told_as_lack() -> Iterator[None]:
    """Turn an error that comes of too little memory, file handles or disk into a `MachineError`.

    A report that cannot be written, as to a full disk, stays an `OutputError`: another place may take it.
    """
    try:
        yield
    except (MachineError, OutputError):
        raise
    except Exception as error:
        lack = lack_of(error)
        if not lack:
            raise
        raise machine_error(lack, reason_of(_root(error), limit=120)) from error


def _root(error: BaseException) -> BaseException:
    """Return the first error of a chain that comes of a lack."""
    while (earlier := error.__cause__ or error.__context__) is not None and lack_of(earlier):
        error = earlier
    return error
