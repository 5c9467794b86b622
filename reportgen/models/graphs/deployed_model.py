"""What is known of a deployed model: its inputs and its outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from reportgen.errors import ModelError
from reportgen.messages import listed
from reportgen.models.graphs.arithmetic import Shape
from reportgen.models.graphs.described_model import DescribedModel
from reportgen.models.graphs.inputs import model_inputs, pictured_input
from reportgen.models.graphs.outputs import choose_named_output
from reportgen.reading import DeployedModel
from reportgen.results import ModelSummary
from reportgen.untrusted.escaping import shown

_ADDED = re.compile(r"^serving_default_|:\d+$")  # by TensorFlow's converter


def describe_deployed(model: DeployedModel, kind: str, *, like: DescribedModel | None) -> DescribedModel:
    """Describe a deployed model as `describe_model` does a live one.

    Args:
        model: the model.
        kind: the words for its format.
        like: the Keras model that it was made from, if there is one: what that one's output means, what its inputs are called
            and how they are scaled holds of this one too, and where its channels stand last, samples are turned for a model
            whose channels come first.

    Raises:
        ModelError: nothing tells which of its inputs is which of the Keras model's.
    """
    if like is not None and like.model is not None:
        model = _with_inputs_of(model, like)
    output = choose_named_output(list(model.output_shapes.items()))
    shape = model.input_shapes[pictured_input(model.input_shapes)]
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
        inputs=len(model.input_shapes),
        rescaling=like.rescaling if like is not None else None,
        head=like.head if like is not None and alike else output.head,
        output=output,
        outputs_only=True,
        ordered=False,
        listed=False,
        has_weights=False,
    )


def _with_inputs_of(model: DeployedModel, like: DescribedModel) -> DeployedModel:
    """Return the model with its inputs under the names, and with the channels, of those of a Keras model."""
    wanted = {one.name: one.shape for one in model_inputs(like.model)}
    if len(wanted) != len(model.input_shapes):
        if len(model.input_shapes) > 1 or like.summary.input_shape is None:
            return model
        wanted = {"": like.summary.input_shape}  # of a model without a graph
    called = _called(model, wanted)
    turned = {name: _turned(model.input_shapes[own], wanted[name]) for name, own in called.items()}
    return replace(
        model,
        input_shapes={name: wanted[name] if turned[name] else model.input_shapes[own] for name, own in called.items()},
        channels_first=frozenset(name for name in called if turned[name]),
        called=called,
    )


def _called(model: DeployedModel, wanted: Mapping[str, Shape]) -> dict[str, str]:
    """Return what the model calls each input that is wanted: by its name, or else by its shape where a single one has it."""
    left = dict(model.input_shapes)
    found = {}
    for name in wanted:
        same = next((own for own in left if _ADDED.sub("", own) == name), None)
        if same is not None:
            found[name] = same
            left.pop(same)
    for name, shape in wanted.items():
        if name in found:
            continue
        fitting = [own for own, one in left.items() if len(wanted) == 1 or _fits(one, shape) or _turned(one, shape)]
        if len(fitting) != 1:
            received = listed([*map(shown, model.input_shapes)])
            raise ModelError(
                f"the inputs of {model.name} must be those of the Keras model. Received: {received}, "
                f"of which nothing tells which is {shown(name)}. Convert it with the names that the Keras model has."
            )
        found[name] = fitting[0]
        left.pop(fitting[0])
    return {name: found[name] for name in wanted}


def _fits(own: Shape, wanted: Shape) -> bool:
    return len(own) == len(wanted) and all(
        one == other or None in (one, other) for one, other in zip(own, wanted, strict=True)
    )


def _turned(own: Shape, wanted: Shape) -> bool:
    """Return whether channels stand first where they are wanted last."""
    return own != wanted and len(own) > 1 and (*own[1:], own[0]) == wanted
