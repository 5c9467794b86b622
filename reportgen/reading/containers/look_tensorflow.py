"""Which files make a SavedModel or a TensorFlow checkpoint, by their names alone."""

from __future__ import annotations

import re
from pathlib import Path

from reportgen.errors import ModelError
from reportgen.reading.containers.saved_model import METADATA, PROGRAM, VARIABLES
from reportgen.reading.containers.table import is_table
from reportgen.untrusted.escaping import base_name, shown

INDEX = ".index"
_SHARD = re.compile(r"\.data-\d{5}-of-\d{5}")
_STATE = "checkpoint"  # names the latest of several checkpoints in a folder
_STATE_BYTES = 1 << 16
_FOOTER = 48


def saved_model_members(folder: Path) -> tuple[Path, ...]:
    """Return the files of a SavedModel folder that are read; none where it is no such folder."""
    program = folder / PROGRAM
    if not program.exists():
        return ()
    metadata = (folder / METADATA,) if (folder / METADATA).exists() else ()
    variables = folder / VARIABLES
    return (program, *metadata, *(checkpoint_members(variables) if _exists(Path(f"{variables}{INDEX}")) else ()))


def checkpoint_prefix(path: Path) -> Path | None:
    """Return a checkpoint's path without '.index' where `path` names one of its files, or no file but its prefix."""
    shard = _SHARD.search(path.name)
    if shard is not None and shard.end() == len(path.name):
        prefix = path.with_name(path.name[: shard.start()])
        return prefix if _is_index(Path(f"{prefix}{INDEX}")) else None
    if path.name.endswith(INDEX) and len(path.name) > len(INDEX):
        return path.with_name(path.name.removesuffix(INDEX)) if _is_index(path) else None
    if path.name and not _exists(path) and _is_index(Path(f"{path}{INDEX}")):
        return path
    return None


def checkpoint_in_folder(folder: Path) -> Path | None:
    """Return the prefix of the checkpoint in a folder: the one that its `checkpoint` file names, or the only one.

    Raises:
        ModelError: there are several.
    """
    found = sorted(path.name.removesuffix(INDEX) for path in folder.iterdir() if path.name.endswith(INDEX))
    names = [name for name in found if name and _is_index(folder / f"{name}{INDEX}")]
    latest = _latest(folder / _STATE)
    if latest in names:
        return folder / latest
    if len(names) > 1:
        raise ModelError(
            f"{base_name(folder)} holds several checkpoints. Received: {shown(', '.join(names))}. "
            f"Give one of them, such as {shown(names[-1])}{INDEX}."
        )
    if found and not names:
        raise ModelError(
            f"{base_name(folder)} holds a damaged checkpoint. Received: {shown(found[0])}{INDEX}, which is no index. "
            f"Copy or download it again."
        )
    return folder / names[0] if names else None


def checkpoint_members(prefix: Path) -> tuple[Path, ...]:
    """Return the files of a checkpoint: the index, and those with the values."""
    begin = len(prefix.name)
    values = sorted(
        path
        for path in prefix.parent.iterdir()
        if path.name.startswith(prefix.name) and _SHARD.fullmatch(path.name[begin:])
    )
    return (Path(f"{prefix}{INDEX}"), *values)


def _latest(state: Path) -> str:
    if not _is_file(state):
        return ""
    with state.open("rb") as file:
        match = re.search(rb'^model_checkpoint_path: "([^"\n]*)"', file.read(_STATE_BYTES), re.MULTILINE)
    # Wherever it says that the checkpoint is, only this folder is looked into
    return match[1].decode("utf-8", errors="replace").replace("\\", "/").rsplit("/", 1)[-1] if match else ""


def _is_index(path: Path) -> bool:
    if not _is_file(path) or path.stat().st_size < _FOOTER:
        return False
    try:
        with path.open("rb") as file:
            file.seek(-_FOOTER, 2)
            return is_table(file.read())
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return True
