"""The samples of every input of a model, opened and compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reportgen.errors import SamplesError
from reportgen.models.arithmetic import Shape
from reportgen.models.describe import DescribedModel
from reportgen.models.ports import model_inputs, pack_inputs, pictured
from reportgen.options import ReportOptions
from reportgen.samples.by_input import sources_by_input
from reportgen.samples.concatenated import concatenated, with_labels
from reportgen.samples.labels import read_labels
from reportgen.samples.scale import Scaling
from reportgen.samples.select import parse_selection
from reportgen.samples.sources import SampleSource, open_samples
from reportgen.samples.streams import is_stream, read_stream


def open_inputs(
    described: DescribedModel, samples: Any, *, labels: Any, class_names: Any, options: ReportOptions
) -> SampleSource:
    """Return the samples of the pictured input, with those of the others beside them.

    Args:
        described: the model, built or not.
        samples, labels, class_names: as given to `build_report`, or file names as given to the command line.
        options: of the report.

    Raises:
        SamplesError: a source cannot be read or does not fit, or an input has none.
    """
    shapes: dict[str, Shape | None] = {each.name: each.shape for each in model_inputs(described.model)}
    names = list(shapes)
    shapes = shapes or {"": described.summary.input_shape}
    if isinstance(samples, tuple) and len(samples) == 2 and isinstance(samples[0], Mapping):
        samples, labels = samples[0], samples[1] if labels is None else labels
    if is_stream(samples):
        known = {name: shape for name, shape in shapes.items() if shape is not None}
        samples = read_stream(samples, input_shapes=known, most=_most_read(options))
        samples = samples.get("", samples)
    found = sources_by_input(samples, names)
    first, opened = _open_all(found, shapes, labels, class_names, options, targets=described.may_regress)
    source = opened.pop(first)
    if not opened and (names or not first):
        return source
    for name, other in opened.items():
        if other.count != source.count:
            raise SamplesError(
                f"every input needs as many samples. Received: {source.count} for {first} ({source.description}) and "
                f"{other.count} for {name} ({other.description}). Give one of each for every sample."
            )
    shown = f'Input "{first}" of {len(opened) + 1}: {source.description}, shown as the picture.'
    others = tuple(f'Input "{name}": {other.description}.' for name, other in opened.items())
    return replace(source, input_name=first, beside=opened, notes=(shown, *others, *source.notes))


def model_batch(
    model: Any, source: SampleSource, images: np.ndarray, indices: Any, scalings: Mapping[str, Scaling]
) -> Any:
    """Return a batch as the model takes it: alone, or with those of its other inputs in a list or dictionary.

    Args:
        model: a `keras.Model`.
        source: of the samples.
        images: of the pictured input, (n, *shape), as the model receives them.
        indices: of these samples.
        scalings: of the other inputs, by name; without one values are left as stored.
    """
    if not source.input_name:
        return images
    arrays = {source.input_name: images}
    for name, other in source.beside.items():
        stored = other.read(indices)
        arrays[name] = scalings[name].apply(stored) if name in scalings else stored.astype(np.float32)
    return pack_inputs(model, arrays)


def _open_all(
    found: Mapping[str, list[Any]],
    shapes: Mapping[str, Shape | None],
    labels: Any,
    class_names: Any,
    options: ReportOptions,
    *,
    targets: bool,
) -> tuple[str, dict[str, SampleSource]]:
    """Return the name of the pictured input, and the samples of every input; those of the pictured one have the labels."""
    known = {name: shapes.get(name) for name in found}
    if len(known) > 1:  # without a graph the arrays tell
        known = {
            name: shape or _open(found[name], None, None, None, options, targets=False).shape
            for name, shape in known.items()
        }
    first = pictured({name: shape or () for name, shape in known.items()})
    return first, {
        name: _open(
            sources,
            shapes.get(name),
            labels if name == first else None,
            class_names if name == first else None,
            options,
            targets=targets and name == first,
        )
        for name, sources in found.items()
    }


def _open(
    sources: list[Any], shape: Shape | None, labels: Any, class_names: Any, options: ReportOptions, *, targets: bool
) -> SampleSource:
    """Return the samples of one input; labels given for several sources are those of all of them together."""
    alone = len(sources) == 1
    parts = [
        open_samples(
            source,
            input_shape=shape,
            labels=labels if alone else None,
            class_names=class_names,
            resize=options.resize,
            skip_bad=options.skip_bad,
            targets=targets,
        )
        for source in sources
    ]
    if alone or labels is None:
        return concatenated(parts)
    unlabelled = [replace(part, labels=None, targets=None) for part in parts]
    return with_labels(concatenated(unlabelled), read_labels(labels), targets=targets)


def _most_read(options: ReportOptions) -> int | None:
    """Return how many samples of a stream are read; None for a selection that must see all of them."""
    selection = parse_selection(options.select, labelled=True)
    if selection.kind == "indices":
        return max(options.max_evaluated, *(index + 1 for index in selection.indices))
    if selection.kind == "first":
        return max(options.max_evaluated, selection.count)
    return None if selection.strict else options.max_evaluated
