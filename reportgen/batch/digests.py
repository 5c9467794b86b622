"""SHA-256 of files and folders, each read once as long as it stays the same."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_BLOCK = 1 << 20


def path_digest(path: Path) -> str:
    """Return the SHA-256 of a file; of a folder that over the names and digests of its files, in the order of their names."""
    if not path.is_dir():
        return file_digest(path)
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file_digest(file)}\n".encode())
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """Return a file's SHA-256; one that did not change since is not read again."""
    state = path.stat()
    return _file_digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _file_digest(path: Path, size: int, changed: int) -> str:
    del size, changed
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
