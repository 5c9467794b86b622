"""A model made ready to be run on its samples: built, looked at in one pass where its graph does not tell, compiled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reportgen.errors import ForwardError, SamplesError
from reportgen.keras_internals import graph_inputs
from reportgen.messages import say
from reportgen.models.graphs import DescribedModel, Shape, common_data_format, describe_model
from reportgen.models.passes import build_on_sample, needs_compiling, record_calls, run_failures_named
from reportgen.options import ReportOptions
from reportgen.run.batches import model_batch
from reportgen.run.input_samples import open_inputs
from reportgen.samples import SampleSource

_BUILT = say("The model was built from the samples.")
_COMPILED = say("The model is channels-first, which this processor cannot run directly, so it was compiled (XLA).")


@dataclass(frozen=True)
class PreparedRun:
    """A model and the samples to run it on.

    Attributes:
        described: with what a pass of one sample showed, where the graph does not tell.
        source: the samples; those of other inputs are beside it.
    """

    described: DescribedModel
    source: SampleSource


def prepare_run(
    described: DescribedModel, samples: Any, *, labels: Any, class_names: Any, options: ReportOptions
) -> PreparedRun:
    """Return the model, built where it was not, with the samples opened.

    Args:
        described: as read, built or not.
        samples, labels, class_names: as given to `build_report`, or file names as given to the command line.
        options: the report's.

    Raises:
        SamplesError: a source cannot be read or does not fit, or an input has none.
    """
    return prepare_with(
        described, open_inputs(described, samples, labels=labels, class_names=class_names, options=options)
    )


def prepare_with(described: DescribedModel, source: SampleSource) -> PreparedRun:
    """Return the model, built where it was not, with samples that are open already.

    Args:
        described: as read, built or not.
        source: samples that fit it.

    Raises:
        SamplesError: the model cannot be built on them.
    """
    model, notes = described.model, source.notes
    if not described.outputs_only and (
        not _is_known(described) or common_data_format(described.layers.values()) == "channels_first"
    ):
        first = source.arrangement.undo(source.read([0])).astype(np.float32)
        shape, batch = first.shape[1:], model_batch(model, source, first, [0], {})
        if not model.built:
            _build(model, batch, source)
            notes = (*notes, _BUILT)
            described = describe_model(model, input_shape=shape)
        described = _completed(described, batch, shape)
        notes = (*notes, _COMPILED) if described.compiled else notes
    output = described.output
    if output.count > 1:
        read = say(
            'Output "{name}" of {count}: predictions are read from this one.', name=output.name, count=output.count
        )
        notes = (*notes, read)
    return PreparedRun(described, replace(source, notes=notes))


def _is_known(described: DescribedModel) -> bool:
    """Return whether the graph tells every call with its shape."""
    return bool(graph_inputs(described.model)) and all(call.output_shape is not None for call in described.calls)


def _build(model: Any, batch: Any, source: SampleSource) -> None:
    try:
        with run_failures_named():
            build_on_sample(model, batch)
    except ForwardError as error:
        raise SamplesError(
            f"the model was never built, and could not be built from samples of shape {source.shape}. "
            f"Received: {str(error).rstrip('.')}. Give samples of the shape that it was written for."
        ) from error


def _completed(described: DescribedModel, batch: Any, shape: Shape) -> DescribedModel:
    """Return the model with order and shapes from a recorded pass, where the graph does not tell them."""
    model = described.model
    compiled = needs_compiling(model, described.layers, batch)
    if not _is_known(described):
        try:
            with run_failures_named():
                recorded = record_calls(model, batch, described.layers, compiled=compiled)
            described = describe_model(model, recorded=recorded, input_shape=shape)
        except ForwardError:
            pass  # the pass over all samples will say why
    return replace(described, compiled=compiled)
