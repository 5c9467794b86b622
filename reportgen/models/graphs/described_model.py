"""Everything that is known of a live model before it is run."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from reportgen.errors import UsageError
from reportgen.keras_internals import graph_inputs
from reportgen.messages import first_of
from reportgen.models.graphs.arithmetic import Shape
from reportgen.models.graphs.batch_normalization import BatchNormalizationLayer, normalization_layers
from reportgen.models.graphs.calls import RecordedCalls, complete_calls, layer_calls, list_recorded_calls
from reportgen.models.graphs.inputs import InputRescaling, input_rescaling, model_input_shape
from reportgen.models.graphs.layers import activation_of, is_rectifier, named_layers, watched_layers
from reportgen.models.graphs.normalised import normalised_kernels
from reportgen.models.graphs.outputs import (
    UNKNOWN_HEAD,
    UNKNOWN_OUTPUT,
    ChosenOutput,
    Head,
    choose_output,
    choose_recorded_output,
)
from reportgen.models.weights import LayerKernel, OtherVariable, layer_kernels, other_variables
from reportgen.results import LayerSummary, ModelSummary

MOST_SHOWN = 6
"""Convolutions shown by default: each costs the page up to a screen and 64 maps of every sample."""
_AT_THE_INPUT = 2
_LISTED = 8


@dataclass(frozen=True, kw_only=True)
class DescribedModel:
    """A model and what can be read off it.

    Attributes:
        model: the `keras.Model`; None where the model is not run.
        summary: the model's totals.
        layers: the live layers, by path; none of a model that is not run.
        calls: every call of every layer, in order.
        kernels: the kernels of all layers, in order.
        inputs: number of inputs.
        rescaling: the model's own rescaling layer, or None.
        head: how the output that predictions are read from ends.
        output: the output that predictions are read from.
        compiled: whether passes must be compiled by XLA, since the eager kernels do not run the model.
        outputs_only: whether the model gives its outputs and nothing of its layers: it is a SavedModel's signature.
        variables: what is stored beside the kernels.
        ordered: whether the calls stand in their order: not where a file has weights and no architecture.
        normalised: path of the normalisation behind each layer whose scale it takes away, by that layer's path.
        listed: whether every layer is known: not where a file has weights and no architecture.
        has_weights: whether there are weights: not where a file has an architecture alone.
        stored_normalizations: the batch normalisations of a model that is not run, as far as its arrays tell.
    """

    model: Any
    summary: ModelSummary
    layers: Mapping[str, Any]
    calls: tuple[LayerSummary, ...]
    kernels: tuple[LayerKernel, ...]
    inputs: int
    rescaling: InputRescaling | None
    head: Head = UNKNOWN_HEAD
    output: ChosenOutput = UNKNOWN_OUTPUT
    compiled: bool = False
    outputs_only: bool = False
    variables: tuple[OtherVariable, ...] = ()
    ordered: bool = True
    normalised: Mapping[str, str] = field(default_factory=dict)
    listed: bool = True
    has_weights: bool = True
    stored_normalizations: tuple[BatchNormalizationLayer, ...] = ()

    @property
    def normalizations(self) -> tuple[BatchNormalizationLayer, ...]:
        """Every batch normalisation, in order."""
        return self.stored_normalizations or normalization_layers(self.layers)

    @property
    def convolutions(self) -> tuple[str, ...]:
        """Paths of the layers with a spatial kernel, in order."""
        return tuple(dict.fromkeys(kernel.path for kernel in self.kernels if kernel.is_spatial))

    @property
    def rectifiers(self) -> frozenset[str]:
        """Paths of the layers whose last step is a rectifier."""
        return frozenset(path for path, layer in self.layers.items() if is_rectifier(layer))

    @property
    def activations(self) -> dict[str, str]:
        """The activation that each layer ends in, as Keras names it, by path; 'linear' for none."""
        return {path: activation_of(layer) for path, layer in self.layers.items()}

    @property
    def may_regress(self) -> bool:
        """Whether the output is a single value that need not be a probability."""
        return self.summary.output_shape == (1,) and self.head.activation not in ("softmax", "sigmoid", "hard_sigmoid")

    def looked_up_by(self, shape: Shape) -> str:
        """Return the path of the embedding that receives an input of this shape: its values are tokens; '' for none."""
        embeddings = (call for call in self.calls if call.class_name == "Embedding" and call.input_shape is not None)
        return next((call.path for call in embeddings if _fits(call.input_shape or (), shape)), "")

    def watched(self, shown: Sequence[str]) -> dict[str, Any]:
        """Return the layers to record when the model runs, by path: those worth it, and those shown."""
        return watched_layers(dict(self.layers)) | {path: self.layers[path] for path in shown}

    def shown(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """Return the paths of the layers to show in detail, in the order of their calls.

        Args:
            patterns: paths or shell patterns ('backbone/*_conv'); none for convolutions from the first to the last (see
                `depth_ladder`).

        Raises:
            UsageError: a pattern matches no layer.
        """
        order = dict.fromkeys(call.path for call in self.calls if not self.layers or call.path in self.layers)
        if not patterns:
            windows = {
                kernel.path for kernel in self.kernels if kernel.is_spatial and max(kernel.shape[:-2], default=1) > 1
            }
            return depth_ladder(tuple(path for path in order if path in self.convolutions), windows)
        for pattern in patterns:
            if not any(_matches(path, pattern) for path in order):
                raise UsageError(
                    f"--layers must name layers of the model. Received: {pattern!r}. {self._offer(pattern, order)}"
                )
        return tuple(path for path in order if any(_matches(path, pattern) for pattern in patterns))

    def _offer(self, pattern: str, paths: Iterable[str]) -> str:
        names = {path.rpartition("/")[2]: path for path in paths}
        near = [path for path in paths if path.endswith(f"/{pattern}")]
        near = near or [names[name] for name in difflib.get_close_matches(pattern.rpartition("/")[2], names, n=1)]
        meant = f"Did you mean {near[0]!r}? " if near else ""
        offered = list(self.convolutions) or [call.path for call in self.calls]
        return f"{meant}It has {first_of(offered, _LISTED)}."


def depth_ladder(convolutions: Sequence[str], windows: Set[str]) -> tuple[str, ...]:
    """Return the convolutions to show: all of up to six, else the first two, the last, and three evenly spread between them.

    In place of one between them that looks at a single position, as a bottleneck's do, stands its nearest neighbour that has
    a window, where there is one nearer than the next step of the ladder.

    Args:
        convolutions: paths in the order of their calls.
        windows: the paths of those with a window of more than one position.

    Example:
        >>> depth_ladder("abcdefghijk", set("abcdefghijk"))
        ('a', 'b', 'd', 'f', 'i', 'k')
    """
    last = len(convolutions) - 1
    if last < MOST_SHOWN:
        return tuple(convolutions)
    steps = MOST_SHOWN - _AT_THE_INPUT
    chosen = {0, _AT_THE_INPUT - 1, last}
    reach = (last - 1) // (2 * steps)
    for step in range(1, steps):
        wanted = 1 + round(step * (last - 1) / steps)
        near = sorted(range(wanted - reach, wanted + reach + 1), key=lambda place: (abs(place - wanted), place))
        free = [place for place in near if place not in chosen]
        chosen.add(next((place for place in free if convolutions[place] in windows), free[0] if free else wanted))
    return tuple(convolutions[place] for place in sorted(chosen))


def _fits(known: Shape, shape: Shape) -> bool:
    return len(known) == len(shape) and all(size in (None, has) for size, has in zip(known, shape, strict=True))


def _matches(path: str, pattern: str) -> bool:
    return path == pattern or fnmatchcase(path, pattern)


def describe_model(
    model: Any, *, recorded: RecordedCalls | None = None, input_shape: Shape | None = None
) -> DescribedModel:
    """Read off a live `keras.Model` what can be known without running or changing it.

    Args:
        model: built or not.
        recorded: the calls of one pass, for what the graph does not tell: order and shapes in a subclassed model, and in
            what holds layers.
        input_shape: shape of one sample, where the model does not know it.
    """
    layers = named_layers(model)
    calls, output = layer_calls(model), choose_output(model)
    if recorded is not None and graph_inputs(model):
        calls = complete_calls(calls, recorded.calls)
    elif recorded is not None:
        calls, output = list_recorded_calls(calls, recorded.calls), choose_recorded_output(recorded.output)
        layers = {path: layers[path] for path in dict.fromkeys(call.path for call in calls)}
    return DescribedModel(
        model=model,
        summary=_summary(model, layers, calls, model_input_shape(model) or input_shape, output),
        layers=layers,
        calls=calls,
        kernels=layer_kernels(layers),
        inputs=max(len(graph_inputs(model)), 1),
        rescaling=input_rescaling(calls, layers),
        head=output.head,
        output=output,
        variables=other_variables(model, layers),
        normalised=normalised_kernels(model, layers, calls),
    )


def _summary(
    model: Any,
    layers: Mapping[str, Any],
    calls: Sequence[LayerSummary],
    input_shape: Shape | None,
    output: ChosenOutput,
) -> ModelSummary:
    kind = type(model).__name__
    return ModelSummary(
        name=model.name,
        kind="Functional" if kind == "Model" else kind,
        input_shape=input_shape,
        output_shape=output.shape,
        parameters=_count(model.weights),
        trainable_parameters=_count(model.trainable_weights),
        layers=len(layers) or len(calls),
        outputs=output.several,
    )


def _count(weights: Sequence[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
