"""Where gradients are taken: the last feature maps that are still an image, and the logits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from reportgen.measures.probabilities import sigmoid, softmax
from reportgen.messages import say
from reportgen.models.gradients.graph_target import graph_target
from reportgen.models.gradients.target import GradientTarget, squashes, tolerance_of, unsquashed_rule
from reportgen.models.gradients.traced import traced
from reportgen.models.graphs import CallNames, common_data_format, data_format, first_tensor
from reportgen.models.passes import LiveModel, SampleInputs, recording, recording_activations
from reportgen.models.weights import is_convolution

_AFFINE = ("GlobalAveragePooling", "AveragePooling", "Flatten", "Reshape", "Dropout", "Dense", "Activation", "Softmax")
_ENDINGS = ("softmax", "sigmoid", "linear")


@dataclass(frozen=True)
class _Call:
    path: str
    name: str
    values: np.ndarray
    inside: bool


def find_target(live: LiveModel, inputs: SampleInputs, outputs: np.ndarray | None = None) -> GradientTarget | None:
    """Return where the gradients are taken, or None without a convolution over more than one place.

    Args:
        live: the model; run once where its graph does not tell, and left as it was.
        inputs: a few samples: the logits are known by softmax or sigmoid of them being the output.
        outputs: what the model answered to these samples, (n, ...), with which the graph is asked first; None to run it.

    The convolution is the last one that the model's first output depends on, as others may lead to other outputs, and that of
    several inputs sees the pictured one.
    """
    told = None if outputs is None else graph_target(live, inputs, outputs)
    if told is not None:
        return told
    calls, output = _watched_pass(live, inputs)
    formats = common_data_format(live.layers.values())
    sizes = [_size(live.layers[call.path], call.values, formats) for call in calls]
    last = [
        position
        for position, call in enumerate(calls)
        if not call.inside and is_convolution(live.layers[call.path]) and int(np.prod(sizes[position] or 1)) > 1
    ]
    if not last:
        return None
    ways = [(position, at) for position in reversed(last) for at in _same_size(calls, sizes, position)]
    way = _leading_way(live, inputs, [(calls[position], calls[at]) for position, at in ways])
    if way is None:
        return None
    convolution, at_features = ways[way]
    features = calls[at_features]
    logits, rule = _logits(calls, output)
    return GradientTarget(
        features=features.name,
        path=features.path,
        convolution=calls[convolution].name,
        size=sizes[convolution],
        logits=logits.name if logits else None,
        logits_path=logits.path if logits else None,
        inside=bool(logits and logits.inside),
        rule=rule,
        rest=tuple(call.path for call in calls[at_features + 1 :] if not call.inside),
    )


def _same_size(calls: list[_Call], sizes: list[tuple[int, ...]], convolution: int) -> list[int]:
    """Return the positions of a convolution and of what follows it at its size, the last one first."""
    outputs = (position for position in range(convolution, len(calls)) if not calls[position].inside)
    return list(takewhile(lambda position: sizes[position] == sizes[convolution], outputs))[::-1]


def _watched_pass(live: LiveModel, inputs: SampleInputs) -> tuple[list[_Call], np.ndarray]:
    """Run the model once; return all calls, with what layers gave to a softmax or sigmoid inside them, and the first output."""
    calls: list[_Call] = []
    outer, inner = CallNames(), CallNames()

    def add(path: str, output: Any, inside: bool) -> None:
        name, tensor = (inner if inside else outer).next(path), first_tensor(output)
        if hasattr(tensor, "shape"):
            calls.append(_Call(path, name, np.asarray(tensor), inside))

    ends = {path: layer for path, layer in live.layers.items() if squashes(layer)}
    with (
        recording(live.layers, lambda path, output: add(path, output, False)),
        recording_activations(ends, lambda path, values: add(path, values, True)),
    ):
        output = first_tensor(live.model(inputs.packed(), training=False))
    return calls, np.asarray(output)


def _leading_way(live: LiveModel, inputs: SampleInputs, ways: list[tuple[_Call, _Call]]) -> int | None:
    """Return the position of the first way whose features lead to the model's first output, or else of the first one.

    Of a model with several inputs, the features have to depend on the pictured one; None where none do.

    Args:
        live: the model.
        inputs: samples to run it on.
        ways: pairs of a convolution and of what may be explained behind it, best first.
    """
    import tensorflow as tf

    layers = {call.path: live.layers[call.path] for way in ways for call in way}
    found: list[int | None] = []

    def choose(place: int, packed: Any) -> None:
        tensors: dict[str, Any] = {}
        names = CallNames()
        source = tf.nest.flatten(packed)[place]

        def keep(path: str, output: Any) -> None:
            tensors[names.next(path)] = tensor = first_tensor(output)
            if is_convolution(live.layers[path]):
                tape.watch(tensor)

        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape, recording(layers, keep):
            if inputs.several:
                tape.watch(source)
            output = first_tensor(live.model(packed, training=False))
        # tensors inside a loop belong to the loop's own graph, and nothing else may be asked of them
        here = {name: tensor for name, tensor in tensors.items() if _graph(tensor) is _graph(output)}
        seeing = [number for number, (_, features) in enumerate(ways) if features.name in here]
        if inputs.several:
            seeing = [number for number in seeing if tape.gradient(here[ways[number][1].name], source) is not None]
        leading = (number for number in seeing if tape.gradient(output, here[ways[number][1].name]) is not None)
        found.append(next(leading, seeing[0] if seeing else None))

    source = tf.constant(inputs.values)
    packed = inputs.packed(source)
    traced(choose)(next(place for place, leaf in enumerate(tf.nest.flatten(packed)) if leaf is source), packed)
    return found[-1]


def _graph(tensor: Any) -> Any:
    return getattr(tensor, "graph", None)


def _size(layer: Any, values: np.ndarray, formats: str) -> tuple[int, ...]:
    if values.ndim < 3:
        return ()
    return values.shape[2:] if data_format(layer, formats) == "channels_first" else values.shape[1:-1]


def _logits(calls: list[_Call], output: np.ndarray) -> tuple[_Call | None, str]:
    """Return the last call whose softmax or sigmoid is the output, and in words what is explained."""
    wanted = output.reshape(len(output), -1).astype(np.float64)
    tolerance = tolerance_of(output)
    for call in reversed(calls):
        if call.values.size != output.size:
            continue
        values = call.values.reshape(len(output), -1).astype(np.float64)
        if np.array_equal(values, wanted):  # the output itself: softmax of equal scores would be equal scores again
            continue
        for name, squashed in (("softmax", softmax), ("sigmoid", sigmoid)):
            if name == "softmax" and values.shape[1] == 1:
                continue
            if np.allclose(squashed(values), wanted, rtol=0, atol=tolerance):
                if call.inside:
                    return call, say("the logits ({layer} before its {activation})", layer=call.name, activation=name)
                return call, say(
                    "the logits (the output of {layer} before the {activation})", layer=call.name, activation=name
                )
    return None, unsquashed_rule(output)


def affine_bias(live: LiveModel, target: GradientTarget) -> np.ndarray | None:
    """Return the bias of the logits, (K,) float32, where only means and one dense layer lead to them; None elsewhere.

    There the logit is its bias plus the sum of a HiResCAM map, so that the map can be checked for completeness.

    Args:
        live: the model, whose steps are all layers.
        target: where gradients are taken, from `find_target`.

    Source: Draelos and Carin, HiResCAM, arXiv 2011.08891: the proof for networks that end in one fully connected layer.
    """
    layers = [live.layers[path] for path in target.rest]
    dense = [layer for layer in layers if type(layer).__name__ == "Dense"]
    known = all(type(layer).__name__.startswith(_AFFINE) for layer in layers)
    endings = {getattr(getattr(layer, "activation", None), "__name__", "linear") for layer in layers}
    if len(dense) != 1 or not known or not endings <= set(_ENDINGS):
        return None
    return np.zeros(dense[0].units, np.float32) if dense[0].bias is None else np.asarray(dense[0].bias, np.float32)
