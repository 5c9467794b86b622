"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from reportgen.errors import OutputError


def check_writable(path: Path) -> None:
    """Raise OutputError when a file cannot be written to `path`; to be called before any long work.

    Args:
        path: of the file, which may exist already.
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


def write_all(texts: Mapping[Path, str]) -> None:
    """Write every text as UTF-8, each beside its target first; when all are written they are moved over the targets.

    On an error while writing all targets stay as they were.

    Args:
        texts: by path. A file that exists keeps its permissions; a link stays and what it names is replaced. What
            cannot be encoded, such as half a surrogate pair, becomes '?'.

    Raises:
        OutputError: a file could not be written.
    """
    written: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
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


def _write_beside(path: Path, text: str) -> Path:
    # beside the file that a link names: a move works within one file system alone. Long names are cut to leave room
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", suffix=".part", dir=path.resolve().parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
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
