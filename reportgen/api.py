"""The Python interface: `build_report` and the `Report` that it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import AnalysisContext
from reportgen.errors import ForwardError, OutputError, SamplesError
from reportgen.evaluation import evaluate_samples, samples_at_once
from reportgen.models.arithmetic import Shape
from reportgen.models.describe import DescribedModel, describe
from reportgen.models.live import LiveModel
from reportgen.reading.load import adopt_model, load_model
from reportgen.models.startup import import_keras
from reportgen.options import DEFAULTS, ReportOptions
from reportgen.output import check_writable, write_all
from reportgen.pipeline import run_analyses
from reportgen.provenance import input_name, make_provenance
from reportgen.results import Report as ReportResults
from reportgen.rules import default_limits
from reportgen.samples.sources import open_samples

_NO_SAMPLES = "No samples were given; --samples SOURCE shows what the model makes of them."


@dataclass(frozen=True)
class Report(ReportResults):
    """A finished report: its numbers, and the page and JSON made from them."""

    def to_html(self) -> str:
        """Return the self-contained page."""
        from reportgen.rendering.html import render_html

        return render_html(self)

    def to_json(self) -> str:
        """Return the numbers as JSON; the schema is `reportgen/rendering/report.schema.json`."""
        from reportgen.rendering.json import render_json

        return render_json(self)

    def save(self, path: str | Path, *, json_path: str | Path | None = None) -> Path:
        """Write the page, and the JSON where asked for, and return the page's path. Existing files are replaced whole.

        Raises:
            OutputError: a file cannot be written; then none is changed.
        """
        page, numbers = Path(path), None if json_path is None else Path(json_path)
        if numbers is not None and numbers.resolve() == page.resolve():
            raise OutputError(f"the page and the JSON must be two files. Received: {page} twice. Choose another name.")
        for target in filter(None, (page, numbers)):
            check_writable(target)
        write_all({page: self.to_html()} | ({} if numbers is None else {numbers: self.to_json()}))
        return page

    def _repr_html_(self) -> str:
        from reportgen.rendering.html import render_frame

        return render_frame(self)


def build_report(
    model: Any,
    samples: Any = None,
    *,
    labels: Any = None,
    class_names: str | Path | Sequence[str] | None = None,
    select: str | None = DEFAULTS.select,
    layers: str | Sequence[str] = DEFAULTS.layers,
    title: str | None = DEFAULTS.title,
    note: str = DEFAULTS.note,
    seed: int = DEFAULTS.seed,
    scale: Literal["auto", "none", "unit", "symmetric"] = DEFAULTS.scale,
    bins: int = DEFAULTS.bins,
    kernel_range: float | None = DEFAULTS.kernel_range,
    map_scale: Literal["layer", "map"] = DEFAULTS.map_scale,
    max_tiles: int = DEFAULTS.max_tiles,
    max_evaluated: int = DEFAULTS.max_evaluated,
    resize: bool = DEFAULTS.resize,
    skip_bad: bool = DEFAULTS.skip_bad,
) -> Report:
    """Return a report on a trained convolutional network.

    Args:
        model: path of a `.keras` or HDF5 file, or a live `keras.Model`.
        samples: path or data set name as for --samples, an array (N, *input_shape), or a pair (x, y) of arrays.
        labels: (N,) whole numbers, or a path; one-hot rows are accepted.
        class_names: in the order of the classes, or a path of a text file with one on each line.
        select, layers, title, note, seed, scale, bins, kernel_range: see `ReportOptions`.
        map_scale, max_tiles, max_evaluated, resize, skip_bad: see `ReportOptions`.

    Raises:
        UsageError: an option's value cannot be used.
        ModelError: the model cannot be read.
        SamplesError: the samples do not fit the model, or the selection does not fit the samples.

    Example:
        >>> report = reportgen.build_report("model.keras", samples="test.npz")  # doctest: +SKIP
        >>> report.save("report.html")  # doctest: +SKIP
    """
    options = ReportOptions(
        select=select,
        layers=(layers,) if isinstance(layers, str) else tuple(layers),
        title=title,
        note=note,
        seed=seed,
        scale=scale,
        bins=bins,
        kernel_range=kernel_range,
        map_scale=map_scale,
        max_tiles=max_tiles,
        max_evaluated=max_evaluated,
        resize=resize,
        skip_bad=skip_bad,
    )
    return make_report(model, samples, labels=labels, class_names=class_names, options=options)


def make_report(
    model: Any,
    samples: Any,
    *,
    labels: Any = None,
    class_names: Any = None,
    options: ReportOptions,
    command: str | None = None,
    on_stage: Callable[[str], None] | None = None,
) -> Report:
    """Return a report; as `build_report`, with the options in one object and a callback told each stage's name."""
    on_stage = on_stage or _unheard
    options.check()
    on_stage("Loading TensorFlow")
    import_keras()
    on_stage("Loading the model")
    loaded = load_model(model) if isinstance(model, str | Path) else adopt_model(model)
    given = {"samples": samples, "labels": labels, "class-names": class_names}
    inputs = {name: input_name(value) for name, value in given.items() if value is not None}
    provenance = make_provenance(loaded, options, inputs, command=command)
    context = _context(loaded.model, samples, labels, class_names, options, on_stage)
    return Report(
        provenance=provenance,
        model=context.model,
        samples=context.samples.summary if context.samples else None,
        sections=run_analyses(context, ANALYSES, on_stage=on_stage),
    )


def _unheard(stage: str) -> None:
    del stage


def _context(
    model: Any, samples: Any, labels: Any, class_names: Any, options: ReportOptions, on_stage: Callable[[str], None]
) -> AnalysisContext:
    described = describe(model)
    shown = described.shown(options.layers)
    evaluated, live, reason = None, None, _NO_SAMPLES
    if samples is not None:
        on_stage("Reading the samples")
        source = open_samples(
            samples,
            input_shape=_one_input(described),
            labels=labels,
            class_names=class_names,
            resize=options.resize,
            skip_bad=options.skip_bad,
        )
        on_stage("Running the model")
        try:
            evaluated = evaluate_samples(described, source, shown=shown, options=options)
            live = LiveModel(model, described.layers, samples_at_once(described, source.shape))
        except ForwardError as error:
            reason = f"The model could not be run on the samples, so only its weights are shown. Received: {error}"
    return AnalysisContext(
        model=described.summary,
        layers=described.calls,
        kernels=described.kernels,
        shown=shown,
        rectifiers=described.rectifiers,
        samples=evaluated,
        no_samples_reason=reason,
        live=live,
        options=options.for_analyses(),
        limits=default_limits(rule for analysis in ANALYSES for rule in analysis.rules),
    )


def _one_input(described: DescribedModel) -> Shape:
    shape = described.summary.input_shape
    if described.inputs > 1 or shape is None:
        received = "a model that was never built" if shape is None else f"a model with {described.inputs} inputs"
        raise SamplesError(
            f"samples can be given to models with one input of known shape. Received: {received}. Leave out --samples."
        )
    return shape
