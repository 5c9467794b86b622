"""A SavedModel's signature as something that can be called like a model, of which only the outputs are known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from reportgen.errors import ForwardError, ModelError
from reportgen.models.graphs.described_model import DescribedModel
from reportgen.models.graphs.inputs import pictured_input
from reportgen.models.graphs.outputs import choose_named_output
from reportgen.reading import OBJECT_GRAPH, RuntimeModel, Serving, serving_graph
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import reason_of, shown

_SECONDS = 60  # for one batch: a loop in the graph may have no end
_VALUE = "VARIABLE_VALUE"
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


class SignatureModel(RuntimeModel):
    """A graph of TensorFlow in a session of its own: the nodes that the outputs depend on, and nothing else.

    Neither the SavedModel's loader nor its initialisers are run; the variables get the checked checkpoint's values.

    Attributes:
        name: the signature's name.
        input_shapes: one sample's sizes of each input, by its name.
        built: always, as a `keras.Model` says it.
    """

    built = True

    def __init__(self, serving: Serving, *, name: str, memory_limit: int) -> None:
        """Prepare the graph.

        Args:
            serving: the signature, whose operations are known to do nothing but compute.
            name: the folder's name, for error messages.
            memory_limit: bytes that any tensor of the graph may take for one sample.

        Raises:
            ModelError: the graph cannot be built, needs more memory, or a variable has no values.
        """
        import tensorflow as tf

        self.name, self._serving = serving.signature, serving
        self.input_shapes = {port.name: port.shape for port in serving.inputs}
        self._graph = tf.Graph()
        try:
            definition, values = _needed_graph(serving)
            with self._graph.as_default():
                tf.import_graph_def(definition, name="")
            _check_sizes(self._graph, definition, name, memory_limit)
            self._session = tf.compat.v1.Session(graph=self._graph)
            self._assign(values)
        except ModelError:
            raise
        except Exception as error:
            # what TensorFlow and protocol buffers raise for a damaged graph has no common base
            raise ModelError(
                f"the graph of {name} cannot be run. Received: {reason_of(error, limit=160)}. Export the model again."
            ) from error

    def __call__(self, inputs: Any, **_: Any) -> dict[str, np.ndarray]:
        """Return the outputs for a batch, by name.

        Args:
            inputs: (n, *input_shape); a dictionary by name for several inputs.
            _: what else a `keras.Model` takes: a signature is what it is.

        Raises:
            ForwardError: the graph fails, takes too long, or wants whole numbers and gets others.
        """
        import tensorflow as tf

        ports = self._serving.inputs
        given = inputs if isinstance(inputs, Mapping) else {ports[0].name: inputs}
        feed = {}
        for port in ports:
            values, wanted = np.asarray(given[port.name]), tf.as_dtype(port.dtype)
            if wanted.is_integer and not np.array_equal(values, np.rint(values)):
                raise ForwardError(
                    f"the signature takes {wanted.name}, and the values were scaled; --scale none leaves them"
                )
            feed[port.tensor] = values.astype(wanted.as_numpy_dtype)
        options = tf.compat.v1.RunOptions(timeout_in_ms=_SECONDS * 1000)
        wanted_outputs = {port.name: port.tensor for port in self._serving.outputs}
        return dict(self._session.run(wanted_outputs, feed, options=options))

    def _assign(self, values: Mapping[str, np.ndarray]) -> None:
        import tensorflow as tf

        for node, value in values.items():
            with self._graph.as_default():
                handle = self._graph.get_tensor_by_name(f"{node}:0")
                given = tf.compat.v1.placeholder(value.dtype, value.shape)
                assign = tf.raw_ops.AssignVariableOp(resource=handle, value=given)
            self._session.run(assign, {given: value})


def with_signature(described: DescribedModel, serving: Serving, *, name: str, memory_limit: int) -> DescribedModel:
    """Add to a stored model the signature that gives its predictions.

    Args:
        described: the stored model, as `describe_stored_weights` returns it.
        serving: the model's signature.
        name: the folder's name, for error messages.
        memory_limit: bytes that any tensor may take for one sample.

    Raises:
        ModelError: the graph cannot be run.
    """
    model = SignatureModel(serving, name=shown(name), memory_limit=memory_limit)
    output = choose_named_output([(port.name, port.shape) for port in serving.outputs])
    shape = model.input_shapes[pictured_input(model.input_shapes)]
    summary = replace(described.summary, input_shape=shape, output_shape=output.shape, outputs=output.several)
    return replace(described, model=model, summary=summary, output=output, head=output.head, outputs_only=True)


def _needed_graph(serving: Serving) -> tuple[Any, dict[str, np.ndarray]]:
    """Return the part of the graph that is run, and the values of its variables by node."""
    import tensorflow as tf
    from tensorflow.core.protobuf import meta_graph_pb2

    whole = meta_graph_pb2.MetaGraphDef.FromString(serving_graph(serving))
    definition = tf.compat.v1.GraphDef()
    definition.versions.CopyFrom(whole.graph_def.versions)
    definition.node.extend(node for node in whole.graph_def.node if node.name in serving.nodes)
    used = [function for function in whole.graph_def.library.function if function.signature.name in serving.functions]
    definition.library.function.extend(used)
    reader: Any = tf.compat.v1.train.NewCheckpointReader(str(serving.variables.absolute()))
    keys = captured_keys(definition, whole.object_graph_def, reader.get_tensor(OBJECT_GRAPH))
    values = {}
    for node in definition.node:
        node.device = ""
        if node.op == "VarHandleOp":
            values[node.name] = reader.get_tensor(keys[node.name])
            node.attr["shared_name"].s = node.name.encode()  # two variables may have the same name
    for function in definition.library.function:
        for node in function.node_def:
            node.device = ""
    return definition, values


def _check_sizes(graph: Any, definition: Any, name: str, memory_limit: int) -> None:
    """Refuse a graph in which a tensor of known size needs too much memory for one sample."""
    for where, shape, bytes_of_one in _tensors(graph, definition):
        size = math.prod(axis or 1 for axis in shape) * bytes_of_one
        if size > memory_limit:
            raise ModelError(limits.over_memory(name, size, f" for {shown(where)}", limit=memory_limit))


def _tensors(graph: Any, definition: Any) -> Iterator[tuple[str, tuple[int | None, ...], int]]:
    """Yield name, shape and bytes of one value of every tensor whose rank is known, those in functions too."""
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph

    graphs = [graph]
    with graph.as_default():
        graphs += [function_def_to_graph(function) for function in definition.library.function]
    for one in graphs:
        for operation in one.get_operations():
            for tensor in operation.outputs:
                if tensor.shape.rank is not None and tensor.dtype.size:
                    yield operation.name, tuple(tensor.shape), tensor.dtype.size


def captured_keys(definition: Any, saved: Any, checkpoint: bytes) -> dict[str, str]:
    """Return the checkpoint's key by the node of each variable that a function of the graph captures.

    Args:
        definition: the `GraphDef` that is run.
        saved: the `SavedObjectGraph`.
        checkpoint: the checkpoint's `TrackableObjectGraph`, serialised.
    """
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    objects = _keys(saved, trackable_object_graph_pb2.TrackableObjectGraph.FromString(checkpoint))
    found = {}
    for node in definition.node:
        function = node.attr["f"].func.name if node.op in _CALLS else ""
        captured = list(saved.concrete_functions[function].bound_inputs) if function in saved.concrete_functions else []
        given = [name for name in node.input if not name.startswith("^")]
        for name, number in zip(given[len(given) - len(captured) :], captured, strict=True):
            if number in objects:
                found[name.split(":")[0]] = objects[number]
    return found


def _keys(saved: Any, checkpoint: Any) -> dict[int, str]:
    """Return the checkpoint's key by the number of an object, following both graphs from their roots by the same names."""
    same, waiting = {0: 0}, [0]
    for number in waiting:  # grows while it is walked through
        children = {child.local_name: child.node_id for child in checkpoint.nodes[same[number]].children}
        for child in saved.nodes[number].children:
            if child.local_name in children and child.node_id not in same:
                same[child.node_id] = children[child.local_name]
                waiting.append(child.node_id)
    return {
        number: attribute.checkpoint_key
        for number, other in same.items()
        for attribute in checkpoint.nodes[other].attributes
        if attribute.name == _VALUE
    }
