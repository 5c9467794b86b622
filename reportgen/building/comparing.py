"""A comparison made of options: both models read, run on the same samples, and every part compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.analyses.catalogue import open_catalogue
from reportgen.building.context import READING, make_context
from reportgen.building.opening import read_described
from reportgen.building.provenance import comparing_command, input_names, make_provenance
from reportgen.comparison import Side, applied_rules, compared, verdict_of_parts
from reportgen.errors import MisfitError, SamplesError, told_as_lack
from reportgen.measures.arrangement import Arrangement
from reportgen.messages import say
from reportgen.models.graphs import DescribedModel, arranged_input, describe_deployed, model_inputs
from reportgen.models.passes import grouped_convolutions_run
from reportgen.models.startup import free_earlier, import_keras, one_blas_thread
from reportgen.options import ReportOptions, settled
from reportgen.progress import Listener, heard
from reportgen.reading import DEPLOYED, LoadedModel, WeightsOnly, is_deployed, open_deployed, recognise
from reportgen.redaction import anonymise, redact_comparison
from reportgen.report import Comparison
from reportgen.results import ComparedModel, Limits
from reportgen.run import prepare_run, prepare_with
from reportgen.samples import SampleSource, is_stream

_COMPARING = "Comparing"
_MOST_KEPT = 2**28
"""Bytes of samples that stay in memory between the two models' passes, so that they are read once."""
_NO_SAMPLES = say("No samples were given. Add --samples SOURCE to compare the answers.")

Stage = Callable[[str], None]


@told_as_lack()
@one_blas_thread()
def make_comparison(
    base: Any,
    new: Any,
    samples: Any,
    *,
    labels: Any = None,
    class_names: Any = None,
    config: str | Path | Mapping[str, Any] | None = None,
    options: ReportOptions,
    given: Collection[str] | None = None,
    command: str | None = None,
    on_stage: Stage | None = None,
    on_progress: Listener | None = None,
) -> Comparison:
    """Return a comparison; as `build_comparison`, with the options in one object.

    Args:
        base, new, samples, labels, class_names, config: see `build_comparison`.
        options: the options of a report, as far as they concern a comparison.
        given: see `make_report`.
        command: the command line that makes the same comparison again; None to tell it from the options.
        on_stage: told each stage's name.
        on_progress: told when a stage begins, and how far it is where it counts.

    Raises:
        MachineError: there is too little memory, file handles or disk.
        ReportgenError: see `build_comparison`.
    """
    with heard(on_progress, on_stage=on_stage) as next_stage:
        options.check()
        free_earlier()
        of_samples = {"labels": labels, "class-names": class_names}
        if samples is None:
            options.check_without_samples(of_samples)
        catalogue = open_catalogue(config)
        settings, configuration = catalogue.settings, catalogue.configuration
        chosen = settled(options, given=given, configured=configuration.options, file=configuration.name)
        options = chosen.options
        named = input_names(samples, of_samples | {"config": config}, ())
        read = _read_both(base, new, options, next_stage, run=samples is not None)
        sources: list[SampleSource | None] = [None, None]
        if samples is not None:
            next_stage(READING)
            read, sources = _opened(read, samples, labels, class_names, options)
        sides = _sides(
            read, sources, options, settings.limits, named, next_stage, given=samples is not None, set_by=chosen.set_by
        )
        next_stage(_COMPARING)
        sections = compared(*sides, settings)
        evaluated = sides[1].samples or sides[0].samples
        files = [each.file.name if each.file else None for each, _ in read]
        titles = [side.provenance.title for side in sides]
        made = Comparison(
            base=ComparedModel(sides[0].provenance, sides[0].context.model),
            new=ComparedModel(sides[1].provenance, sides[1].context.model),
            samples=evaluated.summary if evaluated else None,
            verdict=verdict_of_parts(sections),
            sections=sections,
            title=options.title or " → ".join(map(_stem, files, titles)),
            command=command or comparing_command(files[0], files[1], options, named),
            rules=applied_rules(settings, sections),
        )
        return redact_comparison(made) if options.redact else made


def _stem(file: str | None, title: str) -> str:
    return re.sub(r"\.(keras|h5|hdf5|tflite|onnx)$", "", file, flags=re.IGNORECASE) if file else title


_Read = tuple[LoadedModel | WeightsOnly, DescribedModel]


def _read_both(base: Any, new: Any, options: ReportOptions, on_stage: Stage, *, run: bool) -> list[_Read]:
    """Return what was read of both models, and what is known of them; deployed ones are described like the Keras model."""
    files = [recognise(each, also=DEPLOYED) if isinstance(each, str | Path) else None for each in (base, new)]
    deployed = [file is not None and is_deployed(file) for file in files]
    found: list[_Read | None] = [
        None if apart else read_described(model, options, on_stage, run=run)
        for model, apart in zip((base, new), deployed, strict=True)
    ]
    like = next((described for one in found if one for described in one[1:]), None)
    for place, file in enumerate(files):
        if deployed[place] and file is not None:
            import_keras()  # what runs any model asks it
            model = open_deployed(file, memory_limit=options.memory_limit_bytes)
            described = describe_deployed(model, file.format.label, like=like)
            found[place] = LoadedModel(described.model, file, None), described
    return [one for one in found if one is not None]


def _opened(
    read: list[_Read], samples: Any, labels: Any, class_names: Any, options: ReportOptions
) -> tuple[list[_Read], list[SampleSource | None]]:
    """Return the models with their samples, read once where both take the same; None for those of one that is not run."""
    read = [*read]
    sources: list[SampleSource | None] = [None, None]
    shared: tuple[DescribedModel, SampleSource] | None = None
    # the one whose graph tells more of its input and its answers opens them
    for place in sorted((1, 0), key=lambda place: read[place][1].outputs_only):
        described = read[place][1]
        if described.model is None:
            continue
        if shared is not None and _takes_alike(shared[0], described):
            run = prepare_with(described, shared[1])
        else:
            if shared is not None and is_stream(samples):
                raise SamplesError(
                    "the two models take samples of other shapes, and a stream can be read once alone. "
                    f"Received: {type(samples).__name__}. Give arrays or files."
                )
            try:
                run = prepare_run(described, samples, labels=labels, class_names=class_names, options=options)
            except SamplesError as error:
                if shared is None and not isinstance(error, MisfitError):
                    raise  # whatever the model
                raise SamplesError(f"{_called(read[place][0], place)}: {error}") from error
            source = anonymise(run.source) if options.redact else run.source
            run = replace(run, source=_kept(source))
            shared = (described, run.source)
        read[place] = (read[place][0], run.described)
        sources[place] = run.source
    counts = {source.count for source in sources if source is not None}
    if len(counts) > 1:
        raise SamplesError(f"both models need the same samples. Received: {' and '.join(map(str, counts))} samples.")
    return read, sources


def _called(model: LoadedModel | WeightsOnly, place: int) -> str:
    """Return what a model is called in an error: 'the new model, tuned.keras'."""
    which = "the new model" if place else "the base"
    return f"{which}, {model.file.name}" if model.file else which


def _takes_alike(first: DescribedModel, second: DescribedModel) -> bool:
    inputs = [{one.name: one.shape for one in model_inputs(each.model)} for each in (first, second)]
    alone = all(len(each) <= 1 for each in inputs)
    same = first.summary.input_shape == second.summary.input_shape and (alone or inputs[0] == inputs[1])
    return same and (second.outputs_only or _turned(first) == _turned(second))


def _turned(described: DescribedModel) -> Arrangement:
    return arranged_input(described.model, described.layers, shape=described.summary.input_shape).arrangement


def _kept(source: SampleSource) -> SampleSource:
    """Return the same samples, of which the first ones that are read stay in memory."""
    room = [_MOST_KEPT]
    known: dict[int, np.ndarray] = {}

    def read(indices: Sequence[int]) -> np.ndarray:
        new = [index for index in dict.fromkeys(map(int, indices)) if index not in known]
        if not new:
            return np.stack([known[int(index)] for index in indices]) if len(indices) else source.read(indices)
        values = source.read(new)
        if values.nbytes > room[0]:
            return source.read(indices)
        room[0] -= values.nbytes
        known.update(zip(new, values, strict=True))
        return np.stack([known[int(index)] for index in indices])

    return replace(source, read=read)


def _sides(
    read: list[_Read],
    sources: list[SampleSource | None],
    options: ReportOptions,
    limits: Limits,
    named: Mapping[str, str | tuple[str, ...]],
    on_stage: Stage,
    *,
    given: bool,
    set_by: Mapping[str, str],
) -> tuple[Side, Side]:
    """Return both models, run on the same samples: those that the new one chooses."""
    sides: dict[int, Side] = {}
    for place in sorted((1, 0), key=lambda place: sources[place] is None or read[place][1].outputs_only):
        loaded, described = read[place]
        first = next(iter(sides.values()), None)
        own = options
        if first is not None and first.samples is not None:
            own = replace(options, select=",".join(map(str, first.samples.summary.shown)))
        provenance = make_provenance(loaded, options, named, name=described.summary.name, set_by=set_by)
        try:
            with grouped_convolutions_run(described.layers):
                context = make_context(
                    described,
                    sources[place],
                    own,
                    limits,
                    on_stage,
                    provenance.not_run or _NO_SAMPLES,
                    given=given,
                    lost="",
                    training=loaded.training,
                )
        except MisfitError as error:
            raise SamplesError(f"{_called(loaded, place)}: {error}") from error
        deployed = loaded.file is not None and is_deployed(loaded.file)
        sides[place] = Side(
            provenance=provenance,
            described=described,
            context=replace(context, options=options),
            deployed=deployed,
        )
    return sides[0], sides[1]
