"""What is known of a deployed model: its input and its outputs."""

from __future__ import annotations

from dataclasses import replace

from reportgen.models.graphs.described_model import DescribedModel
from reportgen.models.graphs.outputs import choose_named_output
from reportgen.reading import DeployedModel
from reportgen.results import ModelSummary


def describe_deployed(model: DeployedModel, kind: str, *, like: DescribedModel | None) -> DescribedModel:
    """Describe a deployed model as `describe_model` does a live one.

    Args:
        model: the model.
        kind: the words for its format.
        like: the Keras model that it was made from, if there is one: what that one's output means and how its input is scaled
            holds of this one too, and where its channels stand last, samples are turned for a model whose channels come first.
    """
    output = choose_named_output(list(model.output_shapes.items()))
    shape = model.input_shape
    wanted = like.summary.input_shape if like is not None else None
    if wanted is not None and shape != wanted and len(shape) > 1 and (*shape[1:], shape[0]) == wanted:
        model, shape = replace(model, channels_first=True), wanted
    alike = like is not None and like.summary.output_shape == output.shape
    return DescribedModel(
        model=model,
        summary=ModelSummary(
            name=model.name,
            kind=kind,
            input_shape=shape,
            output_shape=output.shape,
            parameters=0,
            trainable_parameters=0,
            layers=0,
            outputs=output.several,
        ),
        layers={},
        calls=(),
        kernels=(),
        inputs=1,
        rescaling=like.rescaling if like is not None else None,
        head=like.head if like is not None and alike else output.head,
        output=output,
        outputs_only=True,
        ordered=False,
        listed=False,
        has_weights=False,
    )
