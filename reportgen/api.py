"""The Python interface: `build_report` and `build_comparison`, with the `Report` and the `Comparison` that they return."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from reportgen.building.build import make_report
from reportgen.options import COMPARED, DEFAULTS, ReportOptions, from_given, options_of
from reportgen.progress import Progress
from reportgen.report import Comparison, Report

__all__ = ["Comparison", "Report", "build_comparison", "build_report"]


def build_report(
    model: Any,
    samples: Any = None,
    *,
    labels: Any = None,
    class_names: str | Path | Sequence[str] | None = None,
    history: Any = None,
    config: str | Path | Mapping[str, Any] | None = None,
    extra: Iterable[Any] = (),
    on_progress: Callable[[Progress], None] | None = None,
    executor: Executor | None = None,
    shards: int | None = None,
    **options: Any,
) -> Report:
    """Return a report on a trained convolutional network.

    An option is written once, as a field of `ReportOptions`, of which the signature that `help`, notebooks and editors show
    is made. A `TypedDict` would tell type checkers the options' types too, but write each a second time.

    Args:
        model: the path of a `.keras` or HDF5 file, or a live `keras.Model`.
        samples: a path or data set name as for --samples, an array (N, *input_shape), or a pair (x, y) of arrays; a list of
            paths, which are put one after the other; a `tf.data.Dataset`, generator or iterator of samples or batches, with
            or without labels; for a model with several inputs a dictionary of these by the input's name.
        labels: (N,) whole numbers, or a path; one-hot rows are accepted. 'none' leaves out those found with the samples.
        class_names: names in the order of the classes, or the path of a text, JSON, CSV or `.npy` file of them.
        history: what `model.fit` returned, its dictionary, or the path of either as JSON or as `CSVLogger` writes it.
        config: a TOML file as for --config, or its tables, such as {"rules": {"silent-channels": 0.2}}. None reads
            `[tool.reportgen]` of the working folder's `pyproject.toml`, as the command line does.
        extra: analyses of your own, each an object of the shape of a plug-in, see docs/plugins.md; their sections come last.
        on_progress: called with a `reportgen.Progress` when a stage begins, and of a long one with how many samples, kernels or
            steps are done, of how many, and about how many seconds are left; at most ten times a second.
        executor: any `concurrent.futures.Executor`, among whose workers the pass over many samples is shared out; model and
            samples must be files that they can open. The report's bytes are the same as without it.
        shards: how many parts the samples are shared out in; None for one for each 16 batches.
        options: those of the command line, listed below. Several names may be given as one text, with commas between them
            where the command line has commas, or as a sequence; indices to select as a sequence too.

    Raises:
        TypeError: there is no option of this name.
        UsageError: an option's value cannot be used.
        ModelError: the model cannot be read.
        SamplesError: the samples do not fit the model, or the selection does not fit the samples.

    Example:
        >>> report = reportgen.build_report("model.keras", samples="test.npz")  # doctest: +SKIP
        >>> report.save("report.html")  # doctest: +SKIP
    """
    return make_report(
        model,
        samples,
        labels=labels,
        class_names=class_names,
        history=history,
        config=config,
        extra=tuple(extra),
        executor=executor,
        shards=shards,
        options=from_given(ReportOptions, options),
        given=options.keys(),
        on_progress=on_progress,
    )


def build_comparison(
    base: Any,
    new: Any,
    samples: Any = None,
    *,
    labels: Any = None,
    class_names: str | Path | Sequence[str] | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Comparison:
    """Return a comparison of two models: whether the new one is better than the base, and what differs.

    Args:
        base: the model that is compared with, such as the one that is deployed: the path of a Keras model, a TensorFlow Lite or
            an ONNX file, or a live `keras.Model`.
        new: the model that is judged, likewise.
        samples, labels, class_names, config, on_progress: see `build_report`; both models are run on the same samples.
        options: those that `reportgen compare` has, listed below; see `build_report`.

    Raises:
        TypeError: there is no option of this name.
        UsageError: an option's value cannot be used.
        ModelError: a model cannot be read.
        SamplesError: the samples do not fit the models, or the selection does not fit the samples.

    Example:
        >>> compared = reportgen.build_comparison("deployed.keras", "tuned.keras", "test.npz")  # doctest: +SKIP
        >>> compared.regressed  # doctest: +SKIP
        False
    """
    from reportgen.building.comparing import make_comparison

    for name in options:
        if name in options_of(ReportOptions) and name not in COMPARED:
            raise TypeError(f"build_comparison has no option {name!r}; build_report has")
    return make_comparison(
        base,
        new,
        samples,
        labels=labels,
        class_names=class_names,
        config=config,
        options=from_given(ReportOptions, options),
        given=options.keys(),
        on_progress=on_progress,
    )


def _tell_options(function: Callable[..., Any], names: Collection[str]) -> None:
    """Give a function the signature and the documentation of its options."""
    own = inspect.signature(function, eval_str=True)
    kept = [one for one in own.parameters.values() if one.kind is not one.VAR_KEYWORD]
    told = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(DEFAULTS, name),
            annotation=one.type,
        )
        for name, one in options_of(ReportOptions).items()
        if name in names
    ]
    function.__signature__ = own.replace(parameters=[*kept, *told])  # type: ignore[attr-defined]
    lines = [
        textwrap.fill(f"{name}: {one.help}", 100, initial_indent="    ", subsequent_indent="        ")
        for name, one in options_of(ReportOptions).items()
        if name in names
    ]
    function.__doc__ = "\n".join([inspect.cleandoc(function.__doc__ or ""), "", "Options:", *lines])


_tell_options(build_report, options_of(ReportOptions))
_tell_options(build_comparison, COMPARED)
