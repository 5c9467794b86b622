"""A report made of options: the model read, the samples run, every analysis run, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import AnalysisContext
from reportgen.analyses.catalogue import open_catalogue
from reportgen.analyses.sections import run_analyses, run_plugins
from reportgen.building.provenance import input_name, make_provenance, samples_name
from reportgen.errors import ForwardError, ModelError, told_as_lack
from reportgen.keras_internals import quantised
from reportgen.measures.claims import checked_claims, nameless_claims
from reportgen.measures.page_plan import LARGEST_BYTES
from reportgen.messages import say
from reportgen.models.graphs import (
    DescribedModel,
    OneOutput,
    describe_model,
    describe_stored_weights,
    with_signature,
)
from reportgen.models.passes import CompiledModel, LiveModel, grouped_convolutions_run
from reportgen.models.startup import TENSORFLOW, backend, free_earlier, import_keras, one_blas_thread
from reportgen.options import ReportOptions, settled
from reportgen.progress import Listener, heard
from reportgen.reading import LoadedModel, ModelFile, TrainingSetup, WeightsOnly, adopt_model, read_model, recognise
from reportgen.redaction import anonymise
from reportgen.redaction import redact as redacted
from reportgen.report import Report
from reportgen.results import Limits, Section, SkippedSection, with_causes, with_unchecked
from reportgen.run import (
    EvaluatedSamples,
    Sharding,
    TrainingHistory,
    evaluate_samples,
    open_outside_samples,
    open_train_samples,
    planned,
    predicted_kind,
    prepare_run,
    read_history,
    slice_columns,
)
from reportgen.samples import SampleSource, SliceColumn

LOADING_TENSORFLOW, _LOADING, READING = "Loading TensorFlow", "Loading the model", "Reading the samples"
RUNNING, _FILE = "Running the model", "Reading the file"
NEEDED_STAGES = frozenset({_FILE, LOADING_TENSORFLOW, _LOADING, READING})
"""Stages without which there is no report; without any other there is one."""

_NOTHING_LOST: Mapping[str, str] = {}
_NO_SAMPLES = say("No samples were given. Add --samples SOURCE to run the model on them.")
_FLOAT8 = say("This section needs gradients, which Keras cannot compute through float8 layers.")
_COMPILED = say("This section needs gradients, which this processor cannot compute through a channels-first model.")


@told_as_lack()
@one_blas_thread()
def make_report(
    model: Any,
    samples: Any,
    *,
    labels: Any = None,
    class_names: Any = None,
    history: Any = None,
    config: str | Path | Mapping[str, Any] | None = None,
    extra: Sequence[Any] = (),
    options: ReportOptions,
    given: Collection[str] | None = None,
    command: str | None = None,
    on_stage: Callable[[str], None] | None = None,
    on_progress: Listener | None = None,
    lost: Mapping[str, str] = _NOTHING_LOST,
    max_megabytes: float = LARGEST_BYTES / 1e6,
    executor: Executor | None = None,
    shards: int | None = None,
) -> Report:
    """Return a report; as `build_report`, with the options in one object.

    Args:
        model, samples, labels, class_names, history, config, extra: see `build_report`.
        options: the report's options.
        given: names of the options that were given, which no file and no variable of the environment changes; None for those
            that are not at their defaults.
        command: the command line that makes the same report again; None to tell it from the options.
        on_stage: told each stage's name.
        on_progress: told when a stage begins, and how far it is where it counts.
        lost: names of stages to do without, with the reason: those that ended an earlier process.
        max_megabytes: the page's largest size; what cannot keep within it is told before anything is run.
        executor, shards: see `build_report`.

    Raises:
        MachineError: there is too little memory, file handles or disk.
        ReportgenError: see `build_report`.
    """
    options.check()
    with heard(on_progress) as begin:

        def next_stage(name: str) -> None:
            (on_stage or _unheard)(name)
            begin(name)

        return _made(
            model,
            samples,
            labels=labels,
            class_names=class_names,
            history=history,
            config=config,
            extra=extra,
            options=options,
            given=given,
            command=command,
            on_stage=next_stage,
            lost=lost,
            max_megabytes=max_megabytes,
            executor=executor,
            shards=shards,
        )


def _made(
    model: Any,
    samples: Any,
    *,
    labels: Any,
    class_names: Any,
    history: Any,
    config: str | Path | Mapping[str, Any] | None,
    extra: Sequence[Any],
    options: ReportOptions,
    given: Collection[str] | None,
    command: str | None,
    on_stage: Callable[[str], None],
    lost: Mapping[str, str],
    max_megabytes: float,
    executor: Executor | None,
    shards: int | None,
) -> Report:
    free_earlier()
    of_samples = {"labels": labels, "class-names": class_names}
    if samples is None:
        options.check_without_samples(of_samples)
    trained = read_history(history)
    catalogue = open_catalogue(config, extra=extra)
    settings, plugins = catalogue.settings, catalogue.plugins
    chosen = settled(
        options, given=given, configured=catalogue.configuration.options, file=catalogue.configuration.name
    )
    options = chosen.options
    sharding = None
    if executor is not None and samples is not None:
        from reportgen.building.sharing import sharding_of  # which loads models as this module does

        inputs = {"samples": samples, "labels": labels, "class_names": class_names}
        sharding = sharding_of(executor, shards, model, inputs, options)
    read, described = read_described(model, options, on_stage, run=samples is not None)
    before = None if options.before is None else read_described(options.before, options, on_stage, run=False)[1]
    source = train = outside = None
    slices: tuple[SliceColumn, ...] = ()
    if samples is not None and described.model is not None:
        on_stage(READING)
        run = prepare_run(described, samples, labels=labels, class_names=class_names, options=options)
        kind, count = predicted_kind(run.described, run.source.labels)
        claims = checked_claims(options.expect, run.source.class_names, nameless=options.redact, kind=kind, count=count)
        options = replace(options, expect=claims)
        described, source = run.described, anonymise(run.source) if options.redact else run.source
        train = open_train_samples(described, class_names=class_names, options=options)
        outside = open_outside_samples(described, options=options)
        slices = slice_columns(run.source, options)
    elif options.redact:
        options = replace(options, expect=nameless_claims(options.expect))
    provenance = make_provenance(
        read,
        options,
        input_names(samples, of_samples | {"history": history, "config": config}, extra),
        name=described.summary.name,
        command=command,
        plugins=plugins.versions,
        set_by=chosen.set_by,
    )
    reason = provenance.not_run or _NO_SAMPLES
    with grouped_convolutions_run(described.layers):
        context = make_context(
            described,
            source,
            options,
            settings.limits,
            on_stage,
            reason,
            given=samples is not None,
            lost=lost.get(RUNNING, ""),
            most=max_megabytes * 1e6,
            training=read.training,
            history=trained,
            sharding=sharding,
            train=train,
            slices=slices,
            outside=outside,
        )
        sections = with_causes(
            (
                *run_analyses(context, ANALYSES, on_stage=on_stage, settings=settings, lost=lost),
                *_moved(before, described, options),
                *run_plugins(context, plugins.working, on_stage=on_stage, settings=settings, lost=lost),
                *plugins.broken,
            ),
            places=_places(context),
        )
        report = Report(
            provenance=provenance,
            model=context.model,
            samples=context.samples.summary if context.samples else None,
            sections=sections,
            rules=with_unchecked(settings.in_force, sections),
        )
    return redacted(report) if options.redact else report


def read_described(
    model: Any, options: ReportOptions, on_stage: Callable[[str], None], *, run: bool
) -> tuple[LoadedModel | WeightsOnly, DescribedModel]:
    """Return what was read of a model, and what is known of it; whether it will be `run` decides what must be loaded."""
    file = recognise(model) if isinstance(model, str | Path) else None  # what is no model is told at once

    def start() -> None:
        on_stage(LOADING_TENSORFLOW)
        import_keras()
        on_stage(_LOADING)

    if file is None:
        start()
        read: LoadedModel | WeightsOnly = adopt_model(model)
    else:
        on_stage(_FILE)
        read = _read(file, options, start)
        if isinstance(read, WeightsOnly) and read.needs_keras(run=run):
            start()
    read, described = _described(read, options, run=run)
    if described.kernels:
        described.shown(options.layers)  # a wrong name is told before anything is read
    return read, described


def load_described(model: Any, options: ReportOptions) -> DescribedModel:
    """Return a model file as a report describes it, ready to be run where it can be.

    Raises:
        ModelError: the model cannot be read.
    """
    return read_described(model, options, _unheard, run=True)[1]


def _read(file: ModelFile, options: ReportOptions, start: Callable[[], None]) -> LoadedModel | WeightsOnly:
    return read_model(
        file,
        memory_limit=options.memory_limit_bytes,
        allow_custom_code=options.allow_custom_code,
        custom_objects=options.custom_objects,
        activation=options.activation,
        architecture=options.architecture,
        before_keras=start,
    )


def _described(
    read: LoadedModel | WeightsOnly, options: ReportOptions, *, run: bool
) -> tuple[LoadedModel | WeightsOnly, DescribedModel]:
    """Return what is known of the model; one that is not run with the signature that gives predictions, where it has one."""
    if isinstance(read, LoadedModel):
        return read, describe_model(read.model)
    described = describe_stored_weights(read)
    if read.serving is None or not run:
        return replace(read, serving=None), described
    try:
        return read, with_signature(
            described, read.serving, name=read.file.name, memory_limit=options.memory_limit_bytes
        )
    except ModelError as error:
        return replace(read, serving=None, message=str(error)), described


def input_names(samples: Any, others: Mapping[str, Any], extra: Sequence[Any]) -> dict[str, str | tuple[str, ...]]:
    """Return what may be shown of what was given beside the model, by option name."""
    named: dict[str, str | tuple[str, ...]] = {} if samples is None else {"samples": samples_name(samples)}
    named |= {name: input_name(value) for name, value in others.items() if value is not None}
    return named | ({"extra": tuple(map(input_name, extra))} if extra else {})


def _moved(
    before: DescribedModel | None, described: DescribedModel, options: ReportOptions
) -> tuple[Section | SkippedSection, ...]:
    if before is None:
        return ()
    from reportgen.comparison import moved_since  # which is made of this module

    return (moved_since(before, described, options),)


def _unheard(stage: str) -> None:
    del stage


def make_context(
    described: DescribedModel,
    source: SampleSource | None,
    options: ReportOptions,
    limits: Limits,
    on_stage: Callable[[str], None],
    reason: str,
    *,
    given: bool,
    lost: str,
    most: float = LARGEST_BYTES,
    training: TrainingSetup | None = None,
    history: TrainingHistory | None = None,
    sharding: Sharding | None = None,
    train: SampleSource | None = None,
    slices: tuple[SliceColumn, ...] = (),
    outside: SampleSource | None = None,
) -> AnalysisContext:
    """Return what analyses get of a model, which is run on its samples here.

    Args:
        described, source, options, limits, on_stage: the model, its samples, the report's options, the limits in force, and
            what is told of each stage.
        reason: why there are no samples, where there are none.
        given: whether samples were given.
        lost: why the model is not run, as an earlier process ended there; '' elsewhere.
        most: bytes that the page may have.
        training, history: how the model was trained, as its file says and as the user gave it.
        train: what it was trained on, where that was given.
        slices: what is known of each sample beside its label.
        outside: samples that are none of what the model was made for.
    """
    shown = described.shown(options.layers)
    plan = planned(described, source, options, most=most)
    evaluated = live = None
    failed = reason
    if source is not None and lost:
        failed = reason = lost
    elif source is not None:
        on_stage(RUNNING)
        try:
            recorded = () if described.outputs_only else shown
            evaluated = evaluate_samples(described, source, shown=recorded, options=options, sharding=sharding)
            live = _live(described, evaluated, reason)
        except ForwardError as error:
            failed = str(error)
            reason = say(
                "The model could not run on the samples, so only its weights are shown. Received: {error}",
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
        normalizations=described.normalizations,
        listed=described.listed,
        has_weights=described.has_weights,
        outputs_only=described.outputs_only,
        variables=described.variables,
        normalised=described.normalised,
        ordered=described.ordered,
        not_run=failed if given and evaluated is None else "",
        plan=plan,
        training=training,
        history=history,
        train=train,
        slices=slices,
        outside=outside,
        options=options,
        limits=limits,
    )


def _places(context: AnalysisContext) -> dict[str, int]:
    """Return each layer's place in the order of the calls, its first of several; none where the order is not known."""
    paths = [layer.path for layer in context.layers] if context.ordered else []
    return {path: place for place, path in reversed([*enumerate(paths)])}


def _live(described: DescribedModel, evaluated: EvaluatedSamples, reason: str) -> LiveModel:
    """Return the model for sections that run it once more; `reason` is why one of outputs alone has no gradients."""
    output = described.output
    model = OneOutput(described.model, output.index) if output.count > 1 else described.model
    return LiveModel(
        model=CompiledModel(model) if described.compiled else model,
        layers=described.layers,
        batch=evaluated.batch,
        no_gradients=reason if described.outputs_only else _no_gradients(described),
        explained=evaluated.activations.beside_call,
    )


def _no_gradients(described: DescribedModel) -> str:
    if backend() != TENSORFLOW:
        return say("This section needs TensorFlow's gradients, but Keras runs on {backend} here.", backend=backend())
    if described.compiled:
        return _COMPILED
    if any(quantised(layer) == "float8" for layer in described.layers.values()):
        return _FLOAT8
    return ""
