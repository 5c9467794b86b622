"""One large set of samples over many workers: batches are reduced anywhere, and put together here in their order.

What a batch adds depends on nothing but the model and the batch, and is added up one batch after the other, as without workers:
so the bytes of a report do not depend on how many shards there are.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from reportgen.models.passes import ForwardPass, Reduced
from reportgen.progress import counted_off
from reportgen.run.batches import Feed

BATCHES = 16
"""Batches of a shard, where nobody says how many shards there are to be."""

WINDOW = 8
"""Shards that are worked at or wait at once: so many results are held, however many samples there are."""

ONE_AT_A_TIME = threading.RLock()
"""Held while a model runs: threads of one process would hear each other's layers."""


@dataclass(frozen=True)
class Shard:
    """Consecutive batches of a pass.

    Attributes:
        setup: what a worker makes the model and the samples of.
        size: samples of a batch.
        first: the samples of the pass' first batch, which shows a worker which layer feeds which.
        total: number of samples of the pass.
        seen: number of samples before this shard.
        indices: its samples.
    """

    setup: Any
    size: int
    first: tuple[int, ...]
    total: int
    seen: int
    indices: tuple[int, ...]


@dataclass(frozen=True)
class ReducedShard:
    """What a shard adds.

    Attributes:
        batches: what each batch adds; None for one that must be run by whoever asked.
        stored_range, input_range: smallest and largest value, as stored and as the model received them.
    """

    batches: tuple[Reduced | None, ...]
    stored_range: tuple[float, float]
    input_range: tuple[float, float]


Work = Callable[[Shard], ReducedShard]


@dataclass(frozen=True)
class Sharding:
    """How a pass is shared out.

    Attributes:
        executor: any `concurrent.futures.Executor`.
        work: what a worker does, a function of a module.
        setup: see `Shard`.
        shards: how many there are to be; None for one for each `BATCHES` batches.
    """

    executor: Executor
    work: Work
    setup: Any
    shards: int | None = None


def reduce_shard(shard: Shard, feed: Feed, begun: ForwardPass) -> ReducedShard:
    """Return what a shard adds, computed where the model is.

    Args:
        shard: the shard.
        feed: gives the model's batches.
        begun: a pass that saw the first batch.
    """
    feed.forget()
    found, seen = [], shard.seen
    for batch in feed.batches(shard.indices):
        found.append(begun.reduce(batch, seen=seen))
        seen += shard.size
    return ReducedShard(tuple(found), feed.stored_range, feed.input_range)


def run_shards(forward: ForwardPass, feed: Feed, indices: Sequence[int], done: int, sharding: Sharding) -> None:
    """Go on with a pass that is reduced: what its batches add comes from the executor, in their order.

    A shard that is lost twice, and a batch that cannot be reduced, are run here.

    Args:
        forward: a pass that saw the first `done` samples.
        feed: gives the model's batches.
        indices: the samples of the whole pass.
        done: how many it saw, whole batches.
        sharding: how it is shared out.
    """
    size = feed.size
    batches = -(-(len(indices) - done) // size)
    parts = -(-batches // BATCHES) if sharding.shards is None else min(sharding.shards, batches)
    edges = [done + size * (batches * part // parts) for part in range(parts + 1)]
    shards = [
        Shard(sharding.setup, size, tuple(indices[:size]), len(indices), start, tuple(indices[start:end]))
        for start, end in itertools.pairwise(edges)
    ]
    for shard, found in counted_off(_in_order(sharding, shards), len(shards)):
        if found is not None:
            feed.widen(found.stored_range, found.input_range)
        for number, start in enumerate(range(0, len(shard.indices), size)):
            places = shard.indices[start : start + size]
            reduced = None if found is None else found.batches[number]
            if reduced is not None:
                forward.take(len(places), reduced)
                continue
            with ONE_AT_A_TIME:
                for batch in feed.batches(places):
                    forward.run(batch)


def _in_order(sharding: Sharding, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ReducedShard | None]]:
    """Yield each shard with what it adds, in order; None for one that was lost twice."""
    waiting, running = iter(shards), deque[tuple[Shard, Future[ReducedShard] | None]]()
    while True:
        while len(running) < WINDOW and (shard := next(waiting, None)) is not None:
            running.append((shard, _submitted(sharding, shard)))
        if not running:
            return
        shard, future = running.popleft()
        found = _result(future)
        yield shard, found if found is not None else _result(_submitted(sharding, shard))


def _submitted(sharding: Sharding, shard: Shard) -> Future[ReducedShard] | None:
    try:
        return sharding.executor.submit(sharding.work, shard)
    except RuntimeError:  # broken, or shut down
        return None


def _result(future: Future[ReducedShard] | None) -> ReducedShard | None:
    try:
        return None if future is None else future.result()
    except Exception:  # noqa: BLE001 - whatever ends a worker, its shard is run again, and then here
        return None
