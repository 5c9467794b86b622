"""Which calls of a functional model lead to which, nested models included, known without running it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reportgen.keras_internals import graph_inputs, graph_of, inner_layers, nodes_in_order
from reportgen.models.graphs.arithmetic import Shape
from reportgen.models.graphs.call_names import CallNames
from reportgen.models.graphs.layers import named_layers


@dataclass(frozen=True, eq=False)
class GraphTensor:
    """What one call of a model puts out.

    Attributes:
        operation: the layer or operation that was called; None of an input.
        name: name of the layer's call; '' of an operation that is no layer, and of an input.
        path: path of that layer; '' likewise.
        shape: shape of one sample.
        given: the tensors that the call received, or those that they come from.
        symbol: Keras' own symbol of it, in the graph of the model that the call is made in.
    """

    operation: Any
    name: str
    path: str
    shape: Shape
    given: tuple[GraphTensor, ...]
    symbol: Any = None


@dataclass(frozen=True)
class CallGraph:
    """The calls of a functional model.

    Attributes:
        tensors: outputs of all calls, of layers and of operations, in the order in which the model makes them.
        outputs: the model's outputs.
    """

    tensors: tuple[GraphTensor, ...]
    outputs: tuple[GraphTensor, ...]

    @property
    def calls(self) -> tuple[GraphTensor, ...]:
        """First output of each layer's call, in order."""
        return tuple({tensor.name: tensor for tensor in reversed(self.tensors) if tensor.name}.values())[::-1]

    def behind(self, tensor: GraphTensor) -> tuple[GraphTensor, ...]:
        """Return what depends on a tensor, in order, without itself."""
        found = {id(tensor)}
        for one in self.tensors:
            if any(id(given) in found for given in one.given):
                found.add(id(one))
        return tuple(one for one in self.tensors if id(one) in found and one is not tensor)


def call_graph(model: Any) -> CallGraph | None:
    """Return the calls of a Sequential or functional model; None where some happen inside a layer that is no such model.

    Args:
        model: a built `keras.Model`.
    """
    if graph_of(model) is None:
        return None
    layers = named_layers(model)
    if any(inner_layers(layer) for layer in layers.values()):
        return None
    tensors: list[GraphTensor] = []
    inputs = [GraphTensor(None, "", "", tuple(symbol.shape[1:]), (), symbol) for symbol in graph_inputs(model)]
    outputs = _follow(model, inputs, {id(layer): path for path, layer in layers.items()}, CallNames(), tensors)
    return None if outputs is None else CallGraph(tuple(tensors), tuple(outputs))


def _follow(
    model: Any, inputs: list[GraphTensor], paths: dict[int, str], names: CallNames, tensors: list[GraphTensor]
) -> list[GraphTensor] | None:
    graph = graph_of(model)
    known = {id(symbol): tensor for symbol, tensor in zip(graph.inputs, inputs, strict=True)}
    for node in nodes_in_order(graph):
        if node.is_input or any(id(symbol) not in known for symbol in node.input_tensors):
            continue
        given = [known[id(symbol)] for symbol in node.input_tensors]
        nested = graph_inputs(node.operation)
        if nested:
            found = _follow(node.operation, given, paths, names, tensors) if len(nested) == len(given) else None
            if found is None:
                return None
        else:
            path = paths.get(id(node.operation), "")
            name = names.next(path) if path else ""
            found = [
                GraphTensor(node.operation, name, path, tuple(symbol.shape[1:]), tuple(given), symbol)
                for symbol in node.outputs
            ]
            tensors += found
        known |= {id(symbol): tensor for symbol, tensor in zip(node.outputs, found, strict=True)}
    if any(id(symbol) not in known for symbol in graph.outputs):
        return None
    return [known[id(symbol)] for symbol in graph.outputs]


def leading_to(tensor: GraphTensor) -> Iterator[GraphTensor]:
    """Yield a tensor and all that it depends on, each once."""
    seen, waiting = {id(tensor)}, [tensor]
    while waiting:
        one = waiting.pop()
        yield one
        new = {id(given): given for given in one.given if id(given) not in seen}
        seen.update(new)
        waiting += new.values()
