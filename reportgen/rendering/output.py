"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from reportgen.errors import OutputError
from reportgen.untrusted.escaping import base_name, shown
from reportgen.untrusted.regular import read_regular

LARGE_PAGE = 5.0
"""Megabytes from which a page is slow to open and to send."""
LARGEST_PAGE = 15.0
"""Megabytes that a page may have unless the user allows more; beyond it browsers on small machines give up."""

CARD_MARK = "<!-- Written by reportgen: an edited card is replaced only where this line is left. -->"
"""Stands in every model card, so that no other file is taken for one."""

_MEGABYTE = 1_000_000
_PATH_SHOWN = 200  # characters of a path in an error
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


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
        path: the file's path; the file may exist already. Of a link it is the file that it names.
    """
    told = _told(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except (OSError, ValueError) as error:  # a name that is too long, a link to itself; a NUL
        raise OutputError(
            f"the output cannot be written. Received: {told}: {getattr(error, 'strerror', None) or error}. Choose another name."
        ) from error
    folder = _target(path).parent
    if not folder.is_dir():
        raise OutputError(
            f"the output folder must exist. Received: {told}, whose folder does not. Create it or choose another."
        )
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(f"the output must be a file. Received: {told}, which is a folder. Add a file name.")
    if mode is not None and not stat.S_ISREG(mode):  # replacing /dev/null by a report would break the machine
        raise OutputError(f"the output must be a file. Received: {told}, which is a device or a pipe. Choose another.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"the output folder must be writable. Received: {told}, whose folder is not. Choose another.")


def _target(path: Path) -> Path:
    """Return the file that is written: what a link names, so that the link stays."""
    return Path(os.path.realpath(path))  # Path.resolve raises for a link to itself before Python 3.13


def _told(path: Path) -> str:
    """Return a path for an error, its end where it is long."""
    return shown(path, limit=_PATH_SHOWN, end=_PATH_SHOWN // 2)


def check_targets(paths: Sequence[Path]) -> None:
    """Raise OutputError when one of these cannot be written to, or two are the same file.

    Args:
        paths: the page's path, and those of what is written beside it.
    """
    for index, path in enumerate(paths):
        check_writable(path)
        if _target(path) in map(_target, paths[:index]):
            raise OutputError(
                f"what is written must be different files. Received: {_told(path)} twice. Choose another name."
            )


def check_card(path: Path) -> None:
    """Raise OutputError where a card would replace a file that reportgen did not write, such as a project's README."""
    try:
        start = read_regular(path, most=100_000)
    except OSError:  # what cannot be read is told where it is written
        return
    if start and CARD_MARK.encode() not in start:
        raise OutputError(
            f"the card must not replace what others wrote. Received: {base_name(path)}, which reportgen did not write. Choose "
            "another name, or delete it first."
        )


def write_all(contents: Mapping[Path, str | bytes]) -> None:
    """Write every text as UTF-8 and all bytes as they are, each beside its target first; then move them over the targets.

    All targets are replaced or none: on an error they stay as they were or are put back, and a signal that asks the process
    to end waits until nothing is left beside them.

    Args:
        contents: texts by path. A file that exists keeps its permissions; a link stays and what it names is replaced. What
            cannot be encoded, such as half a surrogate pair, becomes '?'.

    Raises:
        OutputError: a file could not be written.
    """
    written: dict[Path, Path] = {}
    earlier: dict[Path, Path | None] = {}
    path = next(iter(contents), Path())
    with _signals_wait() as stop_if_asked:
        try:
            for path, text in contents.items():
                written[path] = _write_beside(path, text)
                stop_if_asked()
            for path in written:
                earlier[path] = _kept_beside(path) if len(written) > 1 else None
            for path, temporary in written.items():
                temporary.replace(_target(path))
        except OSError as error:
            _put_back(
                {
                    path: earlier[path]
                    for path, temporary in written.items()
                    if path in earlier and not temporary.exists()
                }
            )
            raise OutputError(
                f"the report cannot be written to {_told(path)}. Received: {error.strerror or error}. Choose another place."
            ) from error
        finally:
            for temporary in filter(None, (*written.values(), *earlier.values())):
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)


def _kept_beside(path: Path) -> Path | None:
    """Return a second name of a target, from which it can be put back; None where it does not exist."""
    target = _target(path)
    if not target.exists():
        return None
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", suffix=".part", dir=target.parent)
    os.close(handle)
    kept = Path(name)
    try:
        kept.unlink()
        os.link(target, kept)
    except OSError:  # a file system without second names
        shutil.copy2(target, kept)
    return kept


def _put_back(moved: Mapping[Path, Path | None]) -> None:
    """Undo moves.

    Args:
        moved: by target, what it was before; None where there was nothing.
    """
    for path, kept in moved.items():
        with contextlib.suppress(OSError):
            if kept is None:
                _target(path).unlink()
            else:
                kept.replace(_target(path))


@contextlib.contextmanager
def _signals_wait() -> Iterator[Callable[[], None]]:
    """Hold back the signals that ask the process to end, until the end of the block or a call of what is yielded.

    Only the main thread may do that, and only there are they seen; in another thread nothing is done.
    """
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return

    def stop_if_asked() -> None:
        if asked:
            raise _StopError

    before = {number: signal.getsignal(number) for number in _ENDING}
    before = {  # None is a handler of a program around Python
        number: handler for number, handler in before.items() if handler not in (None, signal.SIG_IGN)
    }
    for number in before:
        signal.signal(number, lambda number, _: asked.append(number))
    try:
        with contextlib.suppress(_StopError):
            yield stop_if_asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked:
            signal.raise_signal(asked[0])


class _StopError(BaseException):
    """Leaves the block because of a signal, which is sent again then."""


def _write_beside(path: Path, content: str | bytes) -> Path:
    # beside the file that a link names: a move works within one file system alone. Long names are cut to leave room
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", suffix=".part", dir=_target(path).parent)
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
