"""A model opened for a report: read, and described as far as it will be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.models.graphs import DescribedModel, describe_model, describe_stored_weights, with_signature
from reportgen.models.startup import import_keras
from reportgen.options import ReportOptions
from reportgen.progress import unheard
from reportgen.reading import LoadedModel, ModelFile, WeightsOnly, adopt_model, read_model, recognise

LOADING_TENSORFLOW, LOADING, FILE = "Loading TensorFlow", "Loading the model", "Reading the file"


def read_described(
    model: Any, options: ReportOptions, on_stage: Callable[[str], None], *, run: bool
) -> tuple[LoadedModel | WeightsOnly, DescribedModel]:
    """Return what was read of a model, and what is known of it; whether it will be `run` decides what must be loaded."""
    file = recognise(model) if isinstance(model, str | Path) else None  # what is no model is told at once

    def start() -> None:
        on_stage(LOADING_TENSORFLOW)
        import_keras()
        on_stage(LOADING)

    if file is None:
        start()
        read: LoadedModel | WeightsOnly = adopt_model(model)
    else:
        on_stage(FILE)
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
    return read_described(model, options, unheard, run=True)[1]


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
