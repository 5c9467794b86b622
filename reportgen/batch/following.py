"""Checkpoints as they appear in a folder: each once it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from reportgen.batch.tasks import BatchModel

PAUSE = 2.0
"""Seconds between two looks: a file that is as it was at the last one is taken for whole."""


def watch(
    look: Callable[[], Iterable[BatchModel]], *, pause: Callable[[], None] = lambda: time.sleep(PAUSE)
) -> Iterator[tuple[BatchModel, ...]]:
    """Yield models that are new or changed, once nothing of them changed between two looks; it never ends by itself.

    Args:
        look: returns the models that are there now.
        pause: waits until the next look.
    """
    told: dict[str, tuple[float, ...]] = {}
    before: dict[str, tuple[float, ...]] = {}
    while True:
        models = {model.name: model for model in look()}
        now = {name: _state(model.path) for name, model in models.items()}
        whole = [name for name, state in now.items() if state and state == before.get(name) != told.get(name)]
        if whole:
            told |= {name: now[name] for name in whole}
            yield tuple(models[name] for name in whole)
        before = now
        pause()


def _state(path: Path) -> tuple[float, ...]:
    """Return sizes and times of a model's file, or of all files of its folder; nothing for one that is gone or empty."""
    try:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        states = [file.stat() for file in files]
    except OSError:  # removed meanwhile
        return ()
    filled = any(one.st_size for one in states)
    return tuple(value for one in states for value in (one.st_size, one.st_mtime_ns)) if filled else ()
