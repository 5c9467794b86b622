"""The Python interface: `build_report` and the `Report` that it returns."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reportgen.build import make_report
from reportgen.options import DEFAULTS, ReportOptions, from_given, options_of
from reportgen.progress import Progress
from reportgen.report import Report

__all__ = ["Report", "build_report"]


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
        options=from_given(ReportOptions, options),
        given=options.keys(),
        on_progress=on_progress,
    )


def _tell_options() -> None:
    """Give `build_report` the signature and the documentation of its options."""
    own = inspect.signature(build_report, eval_str=True)
    kept = [one for one in own.parameters.values() if one.kind is not one.VAR_KEYWORD]
    told = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(DEFAULTS, name),
            annotation=one.type,
        )
        for name, one in options_of(ReportOptions).items()
    ]
    build_report.__signature__ = own.replace(parameters=[*kept, *told])  # type: ignore[attr-defined]
    lines = [
        textwrap.fill(f"{name}: {one.help}", 100, initial_indent="    ", subsequent_indent="        ")
        for name, one in options_of(ReportOptions).items()
    ]
    build_report.__doc__ = "\n".join([inspect.cleandoc(build_report.__doc__ or ""), "", "Options:", *lines])


_tell_options()
