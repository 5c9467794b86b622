"""The samples of every input of a model, opened and compared with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reportgen.errors import MisfitError, SamplesError
from reportgen.messages import counted, say
from reportgen.models.graphs import DescribedModel, Shape, arranged_input, model_inputs, pictured_input
from reportgen.options import ReportOptions
from reportgen.samples import (
    NO_LABELS,
    Accepts,
    ClassLabels,
    ClassNames,
    NoImageError,
    PictureTargets,
    RowsOfClasses,
    SampleSource,
    SliceColumn,
    Unused,
    are_left_out,
    arranged,
    concatenated,
    folder_column,
    is_stream,
    labels_of_kept,
    nameless,
    open_samples,
    parse_selection,
    read_class_names,
    read_labels,
    read_slices,
    read_stream,
    sources_by_input,
    understand,
)
from reportgen.untrusted.escaping import shown


def open_inputs(
    described: DescribedModel, samples: Any, *, labels: Any, class_names: Any, options: ReportOptions
) -> SampleSource:
    """Return the samples of the pictured input, with those of the others beside them.

    Args:
        described: the model, built or not.
        samples, labels, class_names: as given to `build_report`, or file names as given to the command line.
        options: the report's.

    Raises:
        SamplesError: a source cannot be read or does not fit, or an input has none.
    """
    source = _opened(described, samples, labels=labels, class_names=class_names, options=options)
    if options.ignore_label is not None and not (isinstance(source.labels, PictureTargets) and source.labels.classes):
        raise SamplesError(
            "--ignore-label: masks alone have pixels without a class. Received: "
            f"{'no labels' if source.labels is None else 'labels that are not the class of each pixel'}. Leave it out."
        )
    return source


def open_train_samples(described: DescribedModel, *, class_names: Any, options: ReportOptions) -> SampleSource | None:
    """Return the samples of --train-samples; None where there are none.

    Raises:
        SamplesError: they cannot be read or do not fit the model.
    """
    given = options.train_samples
    return _opened_alone("--train-samples", described, given, labels=None, class_names=class_names, options=options)


def open_outside_samples(described: DescribedModel, *, options: ReportOptions) -> SampleSource | None:
    """Return the samples of --outside, whose labels mean nothing here; None where there are none.

    Raises:
        SamplesError: they cannot be read or do not fit the model.
    """
    given, options = options.outside, replace(options, ignore_label=None)
    return _opened_alone("--outside", described, given, labels=NO_LABELS, class_names=None, options=options)


_SAMPLES = re.compile(r"--samples\b")


def _opened_alone(option: str, described: DescribedModel, given: Any, **beside: Any) -> SampleSource | None:
    """Return the samples of an option that cannot be repeated for each input, as --samples can; errors name that option.

    Args:
        option: the option.
        described, given, beside: as `open_inputs` takes them; `given` may be None.
    """
    if given is None:
        return None
    names = [each.name for each in model_inputs(described.model)]
    if isinstance(given, str) and len(names) > 1:
        raise SamplesError(
            f"{option} is for models of one input. Received: a model of {len(names)}, {', '.join(map(shown, names))}. "
            "Leave it out."
        )
    try:
        return open_inputs(described, given, **beside)
    except SamplesError as error:
        told = _SAMPLES.sub(option, str(error))
        raise SamplesError(told if told.startswith(option) else f"{option}: {told}") from error


def slice_columns(source: SampleSource, options: ReportOptions) -> tuple[SliceColumn, ...]:
    """Return what is known of each sample beside its label: the columns of --slices, and its folder; numbered with --redact.

    Args:
        source: the samples, with the names of their files.
        options: the report's.

    Raises:
        SamplesError: the table cannot be read or does not fit the samples.
    """
    given = () if options.slices is None else read_slices(options.slices, source)
    folder = folder_column(source)
    columns = given if folder is None else (*given, folder)
    return nameless(columns) if options.redact else columns


def _opened(
    described: DescribedModel, samples: Any, *, labels: Any, class_names: Any, options: ReportOptions
) -> SampleSource:
    class_names = read_class_names(class_names)
    _check_class_names(described, class_names)
    shapes: dict[str, Shape | None] = {each.name: each.shape for each in model_inputs(described.model)}
    names = list(shapes)
    shapes = shapes or {"": described.summary.input_shape}
    if isinstance(samples, tuple) and len(samples) == 2 and isinstance(samples[0], Mapping):
        samples, labels = samples[0], samples[1] if labels is None else labels
    if is_stream(samples):
        known = {name: shape for name, shape in shapes.items() if shape is not None}
        samples = read_stream(
            samples, input_shapes=known, most=_most_read(options), memory_limit=options.memory_limit_bytes
        )
        samples = samples.get("", samples)
    found = sources_by_input(samples, names)
    first, opened = _open_all(found, shapes, labels, class_names, options, described)
    source = _as_pictures(described, opened.pop(first), first)
    if not opened and (names or not first):
        return source
    for name, other in opened.items():
        if other.count != source.count:
            raise SamplesError(
                f"every input needs as many samples. Received: {source.count} for {first} ({source.description}) and "
                f"{other.count} for {name} ({other.description}). Give one of each for every sample."
            )
    shown = say(
        'Input "{name}" of {count}: {source}, shown as the picture.',
        name=first,
        count=len(opened) + 1,
        source=source.description,
    )
    others = tuple(
        say('Input "{name}": {source}.', name=name, source=other.description) for name, other in opened.items()
    )
    source = replace(source, input_name=first, beside=opened, notes=(shown, *others, *source.notes))
    return _with_labels_beside(source)


def _as_pictures(described: DescribedModel, source: SampleSource, name: str) -> SampleSource:
    """Return the pictured input's samples with the axes in the order in which the first convolution sees them."""
    if described.model is None or described.outputs_only:
        return source
    turned = arranged_input(described.model, described.layers, name=name, shape=source.shape).arrangement
    if not turned.turns:
        return source
    said = say(
        "The model takes {shape}; pictures are shown as its first convolution sees them, {seen}.",
        shape=" × ".join(map(str, source.shape)),
        seen=" × ".join(map(str, turned.shape_of(source.shape))),
    )
    return replace(arranged(source, turned), notes=(*source.notes, said))


def _with_labels_beside(source: SampleSource) -> SampleSource:
    """Return the samples with the labels that came with another input, where the pictured one has none."""
    unused = source.labels.notes if isinstance(source.labels, Unused) else ()
    if source.labels is not None and not unused:
        return source
    for name, other in source.beside.items():
        if isinstance(other.labels, ClassLabels):
            note = say('Labels: those that came with input "{name}".', name=name)
            labels = replace(other.labels, notes=(*unused, note))
            return replace(source, labels=labels, class_names=source.class_names or other.class_names)
    return source


def _open_all(
    found: Mapping[str, list[Any]],
    shapes: Mapping[str, Shape | None],
    labels: Any,
    class_names: Any,
    options: ReportOptions,
    described: DescribedModel,
) -> tuple[str, dict[str, SampleSource]]:
    """Return the name of the pictured input, and the samples of every input; those of the pictured one have the labels."""
    known = {name: shapes.get(name) for name in found}
    if len(known) > 1:  # without a graph the arrays tell
        known = {name: shape or _open(found[name], None, None, None, options).shape for name, shape in known.items()}
    first = pictured_input({name: shape or () for name, shape in known.items()})
    return first, {
        name: _open(
            sources,
            shapes.get(name),
            labels if name == first else None,
            class_names if name == first else None,
            options,
            described if name == first else None,
        )
        for name, sources in found.items()
    }


def _open(
    sources: list[Any],
    shape: Shape | None,
    labels: Any,
    class_names: Any,
    options: ReportOptions,
    described: DescribedModel | None = None,
) -> SampleSource:
    """Return the samples of one input; labels given for several sources are those of all of them together.

    Without a `described` model, as for inputs beside the pictured one, labels are class numbers at most.
    """
    alone, left_out = len(sources) == 1, are_left_out(labels)
    accepts = Accepts(
        input_shape=shape,
        targets=described is not None and described.may_regress,
        vectors=described is not None and described.head.activation != "softmax",
        output_shape=None if described is None else described.summary.output_shape,
        label_sets="none" if described is None else rows_of_classes(described),
        resize=options.resize,
        ignore_label=options.ignore_label if described is not None else None,
        skip_bad=options.skip_bad,
        memory_limit=options.memory_limit_bytes,
    )

    def opened(source: Any) -> SampleSource:
        return open_samples(source, accepts, labels=labels if alone or left_out else None, class_names=class_names)

    parts, files = _all_readable(sources, opened)
    if alone or labels is None or left_out:
        return concatenated(parts)
    source = concatenated([replace(part, labels=None) for part in parts])
    together = understand(
        labels_of_kept(read_labels(labels, memory_limit=options.memory_limit_bytes), files),
        accepts,
        count=source.count,
        class_names=None if source.class_names is None else ClassNames(source.class_names),
        file_names=None if source.files is None else source.files.names,
    )
    return replace(source, labels=together)


def _all_readable(
    sources: list[Any], opened: Callable[[Any], SampleSource]
) -> tuple[list[SampleSource], list[tuple[int, Sequence[int]]]]:
    """Return the sources that hold something readable, and of each source the number of files and which are kept.

    Raises:
        NoImageError: no source holds anything that can be read.
    """
    parts: list[SampleSource] = []
    files: list[tuple[int, Sequence[int]]] = []
    bad: list[NoImageError] = []
    for source in sources:
        try:
            part = opened(source)
        except NoImageError as error:
            bad.append(error)
            files.append((error.listed, ()))
        else:
            parts.append(part)
            files.append((part.files.listed, part.files.kept) if part.files else (part.count, range(part.count)))
    if not parts:
        raise bad[0]
    if bad:
        left_out = counted(
            len(bad),
            "{n} source without a readable image was left out.",
            "{n} sources without a readable image were left out.",
        )
        parts[0] = replace(parts[0], notes=(left_out, *parts[0].notes))
    return parts, files


def _check_class_names(described: DescribedModel, names: ClassNames | None) -> None:
    """Raise SamplesError for another number of class names than of outputs, before labels are held against them."""
    shape = described.summary.output_shape
    if names is None or shape is None or len(shape) != 1 or shape[0] in (None, 1, len(names)):
        return
    raise MisfitError(
        f"class names must be {shape[0]}, as the model has {shape[0]} outputs. Received: {len(names)}. "
        "Give --class-names in the model's order."
    )


def rows_of_classes(described: DescribedModel) -> RowsOfClasses:
    """Return which rows of 0 and 1 name any number of classes, by how the model ends.

    Behind a sigmoid all of them; where softmax is as likely, only those of a source whose rows are not all one-hot.
    """
    shape = described.summary.output_shape
    if shape is not None and (len(shape) != 1 or shape[0] == 1):
        return "none"
    if described.head.activation in ("sigmoid", "hard_sigmoid"):
        return "all"
    return "several" if described.head.activation in ("linear", None) else "none"


def _most_read(options: ReportOptions) -> int | None:
    """Return how many samples of a stream are read; None for a selection that must see all of them."""
    selection = parse_selection(options.select, labelled=True)
    if selection.kind == "indices":
        return max(options.max_evaluated, *(index + 1 for index in selection.indices))
    if selection.kind == "first":
        return max(options.max_evaluated, selection.count)
    return None if selection.strict else options.max_evaluated
