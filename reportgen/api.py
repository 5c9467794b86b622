"""The Python interface: `build_report` and the `Report` that it returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from reportgen.build import make_report
from reportgen.options import DEFAULTS, ReportOptions, names_of
from reportgen.report import Report
from reportgen.samples.select import selection_text

__all__ = ["Report", "build_report"]


def build_report(
    model: Any,
    samples: Any = None,
    *,
    labels: Any = None,
    class_names: str | Path | Sequence[str] | None = None,
    select: str | Sequence[int] | None = DEFAULTS.select,
    layers: str | Sequence[str] = DEFAULTS.layers,
    title: str | None = DEFAULTS.title,
    note: str = DEFAULTS.note,
    lang: Literal["en", "ko"] = DEFAULTS.lang,
    redact: bool = DEFAULTS.redact,
    seed: int = DEFAULTS.seed,
    scale: Literal["auto", "none", "unit", "symmetric"] = DEFAULTS.scale,
    bins: int = DEFAULTS.bins,
    kernel_range: float | None = DEFAULTS.kernel_range,
    map_scale: Literal["layer", "map"] = DEFAULTS.map_scale,
    max_tiles: int = DEFAULTS.max_tiles,
    attribution: str | Sequence[str] = DEFAULTS.attribution,
    maximise: bool = DEFAULTS.maximise,
    max_evaluated: int = DEFAULTS.max_evaluated,
    redraws: int = DEFAULTS.redraws,
    resize: bool = DEFAULTS.resize,
    skip_bad: bool = DEFAULTS.skip_bad,
    allow_custom_code: bool = DEFAULTS.allow_custom_code,
    custom_objects: str | Sequence[str] = DEFAULTS.custom_objects,
    memory_limit: float | None = DEFAULTS.memory_limit,
    config: str | Path | Mapping[str, Any] | None = None,
) -> Report:
    """Return a report on a trained convolutional network.

    Args:
        model: path of a `.keras` or HDF5 file, or a live `keras.Model`.
        samples: path or data set name as for --samples, an array (N, *input_shape), or a pair (x, y) of arrays; a list of
            paths, which are put one after the other; a `tf.data.Dataset`, generator or iterator of samples or batches, with
            or without labels; for a model with several inputs a dictionary of these by the input's name.
        labels: (N,) whole numbers, or a path; one-hot rows are accepted. 'none' leaves out those found with the samples.
        class_names: in the order of the classes, or a path of a text file with one on each line.
        select: see `ReportOptions`; also a sequence of indices.
        layers, title, note, lang, redact, seed, scale, bins, kernel_range: see `ReportOptions`.
        attribution, maximise: see `ReportOptions`; methods as names or as one text with commas between them.
        map_scale, max_tiles, redraws, max_evaluated, resize, skip_bad: see `ReportOptions`.
        allow_custom_code, custom_objects, memory_limit: see `ReportOptions`.
        config: a TOML file as for --config, or its tables, such as {"rules": {"silent-channels": 0.2}}. None reads
            `[tool.reportgen]` of the working folder's `pyproject.toml`, as the command line does.

    Raises:
        UsageError: an option's value cannot be used.
        ModelError: the model cannot be read.
        SamplesError: the samples do not fit the model, or the selection does not fit the samples.

    Example:
        >>> report = reportgen.build_report("model.keras", samples="test.npz")  # doctest: +SKIP
        >>> report.save("report.html")  # doctest: +SKIP
    """
    options = ReportOptions(
        select=selection_text(select),
        layers=names_of(layers),
        title=title,
        note=note,
        lang=lang,
        redact=redact,
        seed=seed,
        scale=scale,
        bins=bins,
        kernel_range=kernel_range,
        map_scale=map_scale,
        max_tiles=max_tiles,
        attribution=tuple(attribution.split(",")) if isinstance(attribution, str) else tuple(attribution),
        maximise=maximise,
        max_evaluated=max_evaluated,
        redraws=redraws,
        resize=resize,
        skip_bad=skip_bad,
        allow_custom_code=allow_custom_code,
        custom_objects=names_of(custom_objects),
        memory_limit=memory_limit,
    )
    return make_report(model, samples, labels=labels, class_names=class_names, config=config, options=options)
