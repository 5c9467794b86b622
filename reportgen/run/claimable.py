"""What can be claimed of a model, as far as its head and the labels tell before it is run."""

from __future__ import annotations

import math

import numpy as np

from reportgen.measures.claims import Kind
from reportgen.models.graphs import DescribedModel
from reportgen.samples import ClassLabels, Labels, LabelSets, PictureTargets, Targets


def predicted_kind(described: DescribedModel, labels: Labels | None) -> tuple[Kind | None, int | None]:
    """Return what a model predicts, and how many classes or numbers; None for what only its outputs tell.

    Args:
        described: the model.
        labels: as the samples have them.
    """
    shape, activation = described.summary.output_shape, described.head.activation
    width = shape[0] if shape is not None and len(shape) == 1 else None
    match labels:
        case PictureTargets():
            return ("masks", labels.classes) if labels.classes else ("images", None)
        case Targets():
            return ("number", 1) if labels.values.ndim == 1 else ("numbers", math.prod(labels.values.shape[1:]))
        case LabelSets():
            return "sets", labels.values.shape[1]
        case ClassLabels() if width == 1:
            binary = activation in ("sigmoid", "hard_sigmoid") or np.array_equal(np.unique(labels.values), [0, 1])
            return ("classes", 2) if binary else (None, None)
        case ClassLabels() if width is not None:
            return "classes", width
        case _:
            return ("classes", width) if activation == "softmax" and width is not None else (None, None)
