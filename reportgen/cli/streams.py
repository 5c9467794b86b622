"""Standard streams that may be closed, full, or without a reader: what is said there is lost then, and nothing else."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO


class _Tolerant(io.RawIOBase):
    """Bytes on their way to a stream; from the first that cannot be written on all are dropped.

    Attributes:
        error: why bytes were dropped; None where none were.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.error: OSError | None = None

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the number of the file beneath."""
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        """Return whether a terminal is beneath."""
        return bool(self._raw.isatty())

    def write(self, content: Any) -> int:
        """Write as much as the stream takes, or drop all of it, and return its length."""
        if self.error is None:
            try:
                return int(self._raw.write(content) or 0)
            except OSError as error:
                self.error = error
        return len(content)


def tolerant(stream: TextIO | None) -> TextIO:
    """Return a stream that drops what the given one does not take; a stream to nowhere for None.

    Args:
        stream: a stream with a raw one beneath; any other is returned as it is.
    """
    if stream is None:  # so Python has it where the file descriptor was closed
        return Path(os.devnull).open("w", encoding="utf-8")
    buffer = getattr(stream, "buffer", None)
    if buffer is None or isinstance(getattr(buffer, "raw", None), _Tolerant):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Tolerant(getattr(buffer, "raw", buffer))),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
    )


def lost_output() -> OSError | None:
    """Return why standard output took not all that was printed; None where it did, or where its reader just went away."""
    sys.stdout.flush()
    error = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "error", None)
    return error if isinstance(error, OSError) and error.errno != errno.EPIPE else None


def forget_lost_output() -> None:
    """Count what standard output did not take as if it had."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Tolerant) and raw.error is not None:
        raw.error = OSError(errno.EPIPE, "forgotten")


@contextmanager
def settled_streams() -> Iterator[None]:
    """Give the process standard streams that can be written to, whatever it was started with; then put the former back.

    A descriptor that was closed is opened to nowhere: the next file that is opened would get its number otherwise, and all
    that libraries write there.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number, which is this one
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = tolerant(before[0]), tolerant(before[1])
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before
