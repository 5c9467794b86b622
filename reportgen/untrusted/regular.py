"""Files that a user names, opened only where they are files: opening a named pipe waits for ever, and a device never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = (
    (stat.S_ISFIFO, "a named pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISDIR, "a folder"),
)


def kind_of(mode: int) -> str:
    """Return what a file is that is no regular one, such as 'a named pipe (FIFO)'; '' for a regular one.

    Args:
        mode: as `os.stat` tells it.
    """
    if stat.S_ISREG(mode):
        return ""
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "something special")


def read_regular(path: Path, *, most: int = -1) -> bytes:
    """Return the bytes of a regular file.

    Args:
        path: the file.
        most: bytes to read at most; -1 for all.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    with open_at_once(path) as file:
        kind = kind_of(os.fstat(file.fileno()).st_mode)
        if kind:
            raise OSError(errno.EINVAL, f"{kind}, no regular file")
        return file.read(most)


def open_at_once(path: Path) -> BinaryIO:
    """Return a file opened for reading. What it is must be checked after it: a named pipe may have taken its place meanwhile."""
    # Not blocking: opening a pipe must not wait for a writer
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NONBLOCK", 0)))
