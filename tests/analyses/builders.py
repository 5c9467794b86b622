"""What the tests of analyses are made of; each test states only what matters to it."""

from typing import Any

import keras
import numpy as np

from reportgen.analyses import ANALYSES
from reportgen.analyses.base import AnalysisContext, AnalysisOptions
from reportgen.models.graphs import arranged_input, describe_model
from reportgen.models.passes import Activations, LiveModel, run_forward
from reportgen.models.weights import LayerKernel
from reportgen.results.findings import ModelSummary, SamplesSummary
from reportgen.results.rules import default_limits
from reportgen.run.evaluation import EvaluatedSamples
from reportgen.samples.labels import ClassLabels, Labels, LabelSets, Targets

LIMITS = default_limits(rule for analysis in ANALYSES for rule in analysis.rules)
GLOROT = keras.initializers.GlorotUniform()


def context(samples: EvaluatedSamples | None = None, **given: Any) -> AnalysisContext:
    """Return the context of a model without layers; a field of it, or an option, by name is as given."""
    fields = {name: given.pop(name) for name in tuple(given) if name in AnalysisContext.__dataclass_fields__}
    defaults: dict[str, Any] = {
        "model": ModelSummary("m", "Sequential", None, None, 0, 0, 0),
        "layers": (),
        "kernels": (),
        "shown": (),
        "rectifiers": frozenset(),
        "no_samples_reason": "Give --samples.",
        "options": AnalysisOptions(**given),
        "limits": LIMITS,
    }
    return AnalysisContext(samples=samples, **{**defaults, **fields})


def evaluated_samples(
    images: np.ndarray,
    *,
    chosen: int | None = None,
    first: int = 0,
    labels: Any = None,
    targets: Any = None,
    outputs: Any = None,
    **given: Any,
) -> EvaluatedSamples:
    """Return samples as if a model had been run on all of them; a field of theirs by name is as given.

    Args:
        images: all evaluated samples as stored, (N, *shape).
        chosen: the number of samples that the report shows, the first of them; None for all.
        first: the first sample's index in the source, from which the others follow.
        labels: classes (N,), or the classes of each sample (N, K); None for none.
        targets: what a single output should be, (N,); None for none.
        outputs: what the model answered, (N, ...); None where nothing reads it.
    """
    chosen = len(images) if chosen is None else min(chosen, len(images))
    indices = tuple(range(first, first + len(images)))
    summary = SamplesSummary(
        source="x.npz",
        total=900,
        evaluated=len(images),
        shown=indices[:chosen],
        selection=f"first:{chosen}",
        shape=images.shape[1:],
        dtype=str(images.dtype),
        stored_range=(0, 255),
        input_range=(0, 1),
        labelled=labels is not None or targets is not None,
        steps=(),
    )
    defaults: dict[str, Any] = {
        "summary": summary,
        "names": tuple(f"x[{index}]" for index in indices[:chosen]),
        "images": images[:chosen],
        "labels": _understood(labels, targets),
        "class_names": None,
        "expected_range": None,
        "activations": Activations(outputs=np.asarray([] if outputs is None else outputs, np.float32)),
        "read": lambda positions: images[list(positions)],
        "scale": np.float32,
        "indices": indices,
        "name_of": lambda position: f"x[{first + position}]",
    }
    return EvaluatedSamples(**{**defaults, **given})


def _understood(labels: Any, targets: Any) -> Labels | None:
    """Return labels as their type."""
    if targets is not None:
        return Targets(np.asarray(targets, np.float64))
    if labels is None:
        return None
    return LabelSets(np.asarray(labels, bool)) if np.ndim(labels) == 2 else ClassLabels(np.asarray(labels))


def live_context(
    model: Any,
    images: np.ndarray | None,
    *,
    labels: Any = None,
    targets: Any = None,
    shown: tuple[str, ...] = (),
    batch_size: int = 64,
    chosen: int | None = None,
    first: int = 0,
    **given: Any,
) -> AnalysisContext:
    """Return the context of a Keras model that was run on images as the model receives them; None for no samples.

    Args:
        shown: paths of the layers whose maps are kept for the chosen samples.
        batch_size: the number of samples that the forward pass and later ones take at once.
        chosen: see `evaluated_samples`, also for `first`, `labels` and `targets`.
    """
    described = describe_model(model)
    samples = None
    if images is not None:
        batches = [images[start : start + batch_size] for start in range(0, len(images), batch_size)]
        activations = run_forward(
            model,
            batches,
            layers=described.watched(shown),
            keep=frozenset(shown),
            keep_samples=chosen or len(images),
            samples=len(images),
        )
        turned = arranged_input(model, described.layers, shape=images.shape[1:]).arrangement
        samples = evaluated_samples(
            turned.apply(images),
            chosen=chosen,
            first=first,
            labels=labels,
            targets=targets,
            activations=activations,
            arrangement=turned,
            scale=lambda stored: np.asarray(turned.undo(stored), np.float32),
        )
    defaults: dict[str, Any] = {
        "model": described.summary,
        "layers": described.calls,
        "kernels": described.kernels,
        "shown": shown,
        "live": None if images is None else LiveModel(model, described.layers, batch_size),
        "head": described.head,
        "activations": described.activations,
    }
    return context(samples, **{**defaults, **given})


def kernel(
    values: np.ndarray,
    *,
    path: str = "conv",
    name: str = "kernel",
    kind: str = "convolution",
    groups: int = 1,
    initializer: Any = GLOROT,
    **given: Any,
) -> LayerKernel:
    """Return a layer's kernel with these values, as Keras stores them."""
    return LayerKernel(path, name, kind, groups, values.shape, initializer, lambda: values, **given)
