"""A report's pass over its samples, shared out among the workers of any executor: what they are given, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.building.opening import load_described
from reportgen.errors import ModelError, UsageError
from reportgen.models.graphs import DescribedModel
from reportgen.models.passes import grouped_convolutions_run
from reportgen.models.startup import one_blas_thread
from reportgen.options import ReportOptions
from reportgen.run import ONE_AT_A_TIME, ReducedShard, Shard, Sharding, ShardRunner, prepare_run


@dataclass(frozen=True)
class ShardSetup:
    """What a worker makes the model and the samples of.

    Attributes:
        model: the model's file.
        samples, labels, class_names: as given, with whole paths.
        options: those in force.
    """

    model: Path
    samples: Any
    labels: Any
    class_names: Any
    options: ReportOptions


def sharding_of(
    executor: Executor | None, shards: int | None, model: Any, inputs: Mapping[str, Any], options: ReportOptions
) -> Sharding | None:
    """Return how a report's pass is shared out; None without an executor.

    Args:
        executor: any `concurrent.futures.Executor`.
        shards: how many shards there are to be; None leaves that to the size of batches.
        model: as given to `build_report`.
        inputs: samples, labels and class names as given.
        options: those in force.

    Raises:
        UsageError: the model or the samples are in memory, or `shards` is no whole number above 0.
    """
    if executor is None:
        return None
    if shards is not None and (not isinstance(shards, int) or shards < 1):
        raise UsageError(f"shards must be a whole number above 0. Received: {shards!r}.")
    if not isinstance(model, str | Path) or not _are_files(inputs["samples"]):
        raise UsageError(
            "with an executor, model and samples must be files, which its workers open. Received: an object in memory. "
            "Save it to a file first."
        )
    absolute = {name: _absolute(value) for name, value in inputs.items()}
    return Sharding(executor, run_shard, ShardSetup(Path(model).absolute(), options=options, **absolute), shards)


def run_shard(shard: Shard) -> ReducedShard:
    """Return what a shard adds to its pass; model and samples are kept for the next one of the same pass.

    Raises:
        ModelError: the model's own layers cannot be run.
    """
    setup: ShardSetup = shard.setup
    with ONE_AT_A_TIME, one_blas_thread():
        if not _KEPT or _KEPT[0][0] != setup:
            _KEPT[:] = [(setup, *_opened(setup))]
        _, described, runner = _KEPT[0]
        with grouped_convolutions_run(described.layers):
            return runner.reduce(shard)


_KEPT: list[tuple[ShardSetup, DescribedModel, ShardRunner]] = []


def _opened(setup: ShardSetup) -> tuple[DescribedModel, ShardRunner]:
    options = setup.options
    described = load_described(setup.model, options)
    if described.model is None:
        raise ModelError("the model cannot be run.")
    inputs = {"labels": setup.labels, "class_names": setup.class_names}
    run = prepare_run(described, setup.samples, options=options, **inputs)
    shown = () if run.described.outputs_only else run.described.shown(options.layers)
    return run.described, ShardRunner(run.described, run.source, shown=shown, options=options)


def _are_files(samples: Any) -> bool:
    if isinstance(samples, Mapping):
        return all(map(_are_files, samples.values()))
    if isinstance(samples, list):
        return bool(samples) and all(map(_are_files, samples))
    return isinstance(samples, str | Path)


def _absolute(value: Any) -> Any:
    """Return a path as seen from anywhere; what is no path here, such as 'fashion_mnist' or names, as it is."""
    if isinstance(value, Mapping):
        return {name: _absolute(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_absolute(one) for one in value]
    if isinstance(value, Path):
        return value.absolute()
    if not isinstance(value, str):
        return value
    name, equals, source = value.rpartition("=")
    file = source.rpartition(":")[0] or source
    found = Path(source).exists() or Path(file).exists()
    return f"{name}{equals}{Path(source).absolute()}" if found and source else value
