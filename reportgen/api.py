"""The Python interface: `build_report` and the `Report` that it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import AnalysisContext
from reportgen.catalogue import open_catalogue
from reportgen.errors import ForwardError, ModelError
from reportgen.evaluation import evaluate_samples, samples_at_once
from reportgen.messages import say
from reportgen.models.compiled import CompiledModel
from reportgen.models.describe import DescribedModel, describe
from reportgen.models.live import LiveModel
from reportgen.models.normalization import normalization_layers
from reportgen.models.ports import OneOutput
from reportgen.models.quantised import quantised
from reportgen.models.signature import with_signature
from reportgen.models.startup import import_keras
from reportgen.models.stored import describe_stored
from reportgen.options import DEFAULTS, ReportOptions, names_of
from reportgen.output import LARGEST_PAGE, check_page_size, check_targets, write_all
from reportgen.pipeline import run_analyses, run_plugins
from reportgen.preparation import prepare_run
from reportgen.provenance import input_name, make_provenance, samples_name
from reportgen.reading.load import LoadedModel, adopt_model, read_model
from reportgen.reading.weights_only import WeightsOnly
from reportgen.redaction import redact as redacted
from reportgen.results import Report as ReportResults
from reportgen.results import Severity
from reportgen.rules import Limits, severity_named
from reportgen.samples.anonymous import anonymous
from reportgen.samples.select import selection_text
from reportgen.samples.sources import SampleSource

_NO_SAMPLES = say("No samples were given; --samples SOURCE shows what the model makes of them.")
_FLOAT8 = say("This section takes gradients, which Keras cannot through layers that are quantised to float8.")
_COMPILED = say("This section takes gradients, which this processor cannot through a model with channels first.")


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

    def to_pdf(self, paper: str = "A4") -> bytes:
        """Return the page as PDF, printed by an installed Chromium.

        Args:
            paper: 'A4' or 'Letter'.

        Raises:
            OutputError: there is no Chromium, or it failed.
        """
        from reportgen.pdf import print_pdf
        from reportgen.rendering.html import render_html

        return print_pdf(render_html(self, paper=paper))

    def failed(self, severity: Severity | Literal["note", "warning", "problem"]) -> bool:
        """Return whether there is a finding of this severity or a higher one: what --fail-on asks.

        Args:
            severity: or its name.

        Raises:
            UsageError: there is no such severity.
        """
        return bool(self.failing(severity_named(severity)))

    def save(
        self,
        path: str | Path,
        *,
        json_path: str | Path | None = None,
        pdf_path: str | Path | None = None,
        paper: str = "A4",
        max_megabytes: float = LARGEST_PAGE,
    ) -> Path:
        """Write the page, and the JSON where asked for, and return the page's path. Existing files are replaced whole.

        Args:
            path: of the page.
            json_path: of the JSON.
            pdf_path: of the page as PDF, printed by an installed Chromium on `paper`, 'A4' or 'Letter'.
            max_megabytes: that the page may have, of a million bytes each.

        Raises:
            OutputError: a file cannot be written, or the page is too large; then none is changed.
        """
        targets = [Path(target) for target in (path, json_path, pdf_path) if target is not None]
        check_targets(targets)
        html = self.to_html()
        check_page_size(html, max_megabytes)
        contents: dict[Path, str | bytes] = {targets[0]: html}
        if json_path is not None:
            contents[Path(json_path)] = self.to_json()
        if pdf_path is not None:
            contents[Path(pdf_path)] = self.to_pdf(paper)
        write_all(contents)
        return targets[0]

    def _repr_html_(self) -> str:
        from reportgen.rendering.html import render_frame

        return render_frame(self)


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


def make_report(
    model: Any,
    samples: Any,
    *,
    labels: Any = None,
    class_names: Any = None,
    config: str | Path | Mapping[str, Any] | None = None,
    options: ReportOptions,
    command: str | None = None,
    on_stage: Callable[[str], None] | None = None,
) -> Report:
    """Return a report; as `build_report`, with the options in one object and a callback told each stage's name."""
    on_stage = on_stage or _unheard
    options.check()
    if samples is None:
        options.check_without_samples({"labels": labels, "class-names": class_names})
    catalogue = open_catalogue(config)
    settings, plugins = catalogue.settings, catalogue.plugins
    on_stage("Loading TensorFlow")
    import_keras()
    on_stage("Loading the model")
    read, described = _described(_read(model, options), options, run=samples is not None)
    if described.kernels:
        described.shown(options.layers)  # a wrong name is told before anything is read
    run = None
    if samples is not None and described.model is not None:
        on_stage("Reading the samples")
        run = prepare_run(described, samples, labels=labels, class_names=class_names, options=options)
        described = run.described
    source = run.source if run else None
    if source is not None and options.redact:
        source = anonymous(source)
    inputs = _input_names(samples, {"labels": labels, "class-names": class_names, "config": config})
    packages = {plugin.distribution: plugin.version for plugin in plugins.working}
    provenance = make_provenance(read, options, inputs, name=described.summary.name, command=command, plugins=packages)
    reason = provenance.not_run or _NO_SAMPLES
    context = _context(described, source, options, settings.limits, on_stage, reason, given=samples is not None)
    report = Report(
        provenance=provenance,
        model=context.model,
        samples=context.samples.summary if context.samples else None,
        sections=(
            *run_analyses(context, ANALYSES, on_stage=on_stage, settings=settings),
            *run_plugins(context, plugins.working, on_stage=on_stage, settings=settings),
            *plugins.broken,
        ),
        rules=settings.in_force,
    )
    return redacted(report) if options.redact else report


def _read(model: Any, options: ReportOptions) -> LoadedModel | WeightsOnly:
    if not isinstance(model, str | Path):
        return adopt_model(model)
    return read_model(
        model,
        memory_limit=options.memory_limit_bytes,
        allow_custom_code=options.allow_custom_code,
        custom_objects=options.custom_objects,
    )


def _described(
    read: LoadedModel | WeightsOnly, options: ReportOptions, *, run: bool
) -> tuple[LoadedModel | WeightsOnly, DescribedModel]:
    """Return what is known of the model; one that is not run with the signature that gives predictions, where it has one."""
    if isinstance(read, LoadedModel):
        return read, describe(read.model)
    described = describe_stored(read)
    if read.serving is None or not run:
        return replace(read, serving=None), described
    try:
        return read, with_signature(
            described, read.serving, name=read.file.name, memory_limit=options.memory_limit_bytes
        )
    except ModelError as error:
        return replace(read, serving=None, message=str(error)), described


def _input_names(samples: Any, others: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """Return what may be shown of what was given beside the model, by option name."""
    named: dict[str, str | tuple[str, ...]] = {} if samples is None else {"samples": samples_name(samples)}
    return named | {name: input_name(value) for name, value in others.items() if value is not None}


def _unheard(stage: str) -> None:
    del stage


def _context(
    described: DescribedModel,
    source: SampleSource | None,
    options: ReportOptions,
    limits: Limits,
    on_stage: Callable[[str], None],
    reason: str,
    *,
    given: bool,
) -> AnalysisContext:
    shown = described.shown(options.layers)
    evaluated = live = None
    failed = reason
    if source is not None:
        on_stage("Running the model")
        try:
            recorded = () if described.outputs_only else shown
            evaluated = evaluate_samples(described, source, shown=recorded, options=options)
            live = _live(described, source)
            live = replace(live, no_gradients=reason) if described.outputs_only else live
        except ForwardError as error:
            failed = str(error)
            reason = say(
                "The model could not be run on the samples, so only its weights are shown. Received: {error}",
                error=str(error),
            )
    return AnalysisContext(
        model=described.summary,
        layers=described.calls,
        kernels=described.kernels,
        shown=shown,
        rectifiers=described.rectifiers,
        samples=evaluated,
        no_samples_reason=reason,
        live=live,
        head=described.head,
        activations=described.activations,
        normalizations=normalization_layers(described.layers),
        outputs_only=described.outputs_only,
        variables=described.variables,
        ordered=described.ordered,
        not_run=failed if given and evaluated is None else "",
        options=options.for_analyses(),
        limits=limits,
    )


def _live(described: DescribedModel, source: SampleSource) -> LiveModel:
    """Return the model for sections that run it once more."""
    output = described.output
    model = OneOutput(described.model, output.index) if output.count > 1 else described.model
    return LiveModel(
        model=CompiledModel(model) if described.compiled else model,
        layers=described.layers,
        batch=samples_at_once(described, source.shape),
        no_gradients=_no_gradients(described),
    )


def _no_gradients(described: DescribedModel) -> str:
    if described.compiled:
        return _COMPILED
    if any(quantised(layer) == "float8" for layer in described.layers.values()):
        return _FLOAT8
    return ""
