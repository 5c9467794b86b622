"""How far a long stage is: told where its loop is, heard by whoever asked for the report. Standard library only.

A loop says `for batch in counted_off(batches, total)`; it need not know who listens, and nothing is told where nobody does.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

LEAST_SECONDS = 0.1
"""Between two counts of a stage, so that listening costs nothing."""

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far a stage is.

    Attributes:
        stage: its name, such as 'Running the model', or a section's title.
        done: how many samples, kernels, steps, ... are done.
        total: how many there are in all; 0 where the stage does not count.
        seconds_left: about how long the rest takes, at the pace so far; None where that is not known yet.
    """

    stage: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


Listener = Callable[[Progress], None]


@dataclass
class _Meter:
    listener: Listener | None
    clock: Callable[[], float]
    stage: str = ""
    counting: bool = False
    told: float = field(default=0.0)

    def tell(self, progress: Progress) -> None:
        """Tell the listener, who is dropped with a warning when it raises."""
        if self.listener is None:
            return
        self.told = self.clock()
        try:
            self.listener(progress)
        except Exception as error:  # noqa: BLE001 - somebody's progress bar must not cost a section
            self.listener = None
            warnings.warn(f"on_progress failed and is told no more: {type(error).__name__}: {error}", stacklevel=2)


def unheard(stage: str) -> None:
    """Tell nobody of a stage."""
    del stage


_METER: ContextVar[_Meter | None] = ContextVar("reportgen.progress", default=None)


@contextmanager
def heard(
    listener: Listener | None,
    *,
    on_stage: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[str], None]]:
    """Have counts within the block told to a listener, and yield what begins a stage.

    Args:
        listener: is told when a stage begins and, of one that counts, how far it is; None for nobody. An exception of its own
            is a warning, and it is told no more.
        on_stage: is told the name of each stage, before the listener; None for nobody. Its exceptions are its caller's.
        clock: returns seconds.
    """
    meter = _Meter(listener, clock)
    token = _METER.set(meter)

    def begin(stage: str) -> None:
        (on_stage or unheard)(stage)
        meter.stage, meter.counting = stage, False
        meter.tell(Progress(stage))

    try:
        yield begin
    finally:
        _METER.reset(token)


def counted_off(items: Iterable[T], total: int, *, size: int | None = 1) -> Iterator[T]:
    """Yield items and tell how many are done; a loop within a loop that counts tells nothing.

    Args:
        items: what is worked on, one after the other.
        total: how many there are.
        size: how many an item counts for; None for its length, as of a batch.
    """
    meter = _METER.get()
    if meter is None or meter.listener is None or meter.counting or not total:
        yield from items
        return
    done, began = 0, meter.clock()
    meter.counting = True
    try:
        for item in items:
            yield item
            done = min(done + (len(item) if size is None and isinstance(item, Sized) else size or 1), total)
            now = meter.clock()
            if done == total or now - meter.told >= LEAST_SECONDS:
                meter.tell(Progress(meter.stage, done, total, (now - began) / done * (total - done)))
    finally:
        meter.counting = False
