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
from reportgen.building.context import NO_SAMPLES, READING, RUNNING, make_context
from reportgen.building.opening import FILE, LOADING, LOADING_TENSORFLOW, read_described
from reportgen.building.provenance import input_name, input_names, make_provenance
from reportgen.building.sharing import sharding_of
from reportgen.errors import told_as_lack
from reportgen.measures.claims import checked_claims, nameless_claims
from reportgen.measures.page_plan import LARGEST_BYTES
from reportgen.models.graphs import DescribedModel
from reportgen.models.passes import grouped_convolutions_run
from reportgen.models.startup import free_earlier, one_blas_thread
from reportgen.options import ReportOptions, settled
from reportgen.progress import Listener, heard
from reportgen.redaction import anonymise
from reportgen.redaction import redact as redacted
from reportgen.report import Report
from reportgen.results import Section, SkippedSection, with_causes, with_unchecked
from reportgen.run import (
    open_outside_samples,
    open_train_samples,
    predicted_kind,
    prepare_run,
    read_history,
    slice_columns,
)
from reportgen.samples import SliceColumn

NEEDED_STAGES = frozenset({FILE, LOADING_TENSORFLOW, LOADING, READING})
"""Stages without which there is no report; without any other there is one."""

_NOTHING_LOST: Mapping[str, str] = {}


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
    with heard(on_progress, on_stage=on_stage) as next_stage:
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
    reason = provenance.not_run or NO_SAMPLES
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


def _moved(
    before: DescribedModel | None, described: DescribedModel, options: ReportOptions
) -> tuple[Section | SkippedSection, ...]:
    if before is None:
        return ()
    from reportgen.comparison import moved_since  # 0.04 s that other reports need not take

    return (moved_since(before, described, options, called=input_name(options.before)),)


def _places(context: AnalysisContext) -> dict[str, int]:
    """Return each layer's place in the order of the calls, its first of several; none where the order is not known."""
    paths = [layer.path for layer in context.layers] if context.ordered else []
    return {path: place for place, path in reversed([*enumerate(paths)])}
