"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.errors import OutputError

LARGE_PAGE = 5.0
"""Megabytes from which a page is slow to open and to send."""
LARGEST_PAGE = 15.0
"""Megabytes that a page may have unless the user allows more; beyond it browsers on small machines give up."""

_MEGABYTE = 1_000_000


def megabytes(text: str) -> float:
    """Return the size of a text in UTF-8, in megabytes of a million bytes."""
    return len(text.encode("utf-8", errors="replace")) / _MEGABYTE


def check_page_size(page: str, max_megabytes: float) -> None:
    """Raise OutputError when a page is larger than allowed.

    Args:
        page: its text.
        max_megabytes: the most megabytes that it may have.
    """
    size = megabytes(page)
    if size > max_megabytes:
        raise OutputError(
            f"the page must have at most {max_megabytes:g} MB. Received: {size:.1f} MB. Show fewer samples (--select), "
            "fewer tiles (--max-tiles) or fewer layers (--layers), or allow more by --max-size."
        )


def large_page_warning(page: Path) -> str:
    """Return a sentence about a written page that is large, or '' where it is not."""
    size = page.stat().st_size / _MEGABYTE
    if size < LARGE_PAGE:
        return ""
    return f"the page has {size:.1f} MB and may open slowly; fewer samples (--select), --max-tiles or --layers make it smaller."


def check_writable(path: Path) -> None:
    """Raise OutputError when a file cannot be written to `path`; to be called before any long work.

    Args:
        path: the file's path; the file may exist already.
    """
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(
            f"the output folder must exist. Received: {path}, whose folder does not. Create it or choose another."
        )
    if path.is_dir():
        raise OutputError(f"the output must be a file. Received: {path}, which is a folder. Add a file name.")
    if path.exists() and not path.is_file():  # replacing /dev/null by a report would break the machine
        raise OutputError(f"the output must be a file. Received: {path}, which is a device or a pipe. Choose another.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the output folder must be writable. Received: {path}, whose folder is not. Choose another.")


def check_targets(paths: Sequence[Path]) -> None:
    """Raise OutputError when one of these cannot be written to, or two are the same file.

    Args:
        paths: the page's path, and those of what is written beside it.
    """
    for index, path in enumerate(paths):
        check_writable(path)
        if path.resolve() in [other.resolve() for other in paths[:index]]:
            raise OutputError(
                f"page, JSON and PDF must be different files. Received: {path} twice. Choose another name."
            )


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write every text as UTF-8 and all bytes as they are, each beside its target first; then move them over the targets.

    On an error while writing all targets stay as they were.

    Args:
        contents: texts by path. A file that exists keeps its permissions; a link stays and what it names is replaced. What
            cannot be encoded, such as half a surrogate pair, becomes '?'.

    Raises:
        OutputError: a file could not be written.
    """
    written: dict[Path, Path] = {}
    try:
        for path, text in contents.items():
            written[path] = _write_beside(path, text)
        for path, temporary in written.items():
            temporary.replace(path.resolve())
    except OSError as error:
        raise OutputError(
            f"the report cannot be written to {path}. Received: {error.strerror or error}. Choose another place."
        ) from error
    finally:
        for temporary in written.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _write_beside(path: Path, content: str | bytes) -> Path:
    # beside the file that a link names: a move works within one file system alone. Long names are cut to leave room
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", suffix=".part", dir=path.resolve().parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8", errors="replace"))
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    # the only way to read it is to set it
    mask = os.umask(0)
    os.umask(mask)
    return mask
