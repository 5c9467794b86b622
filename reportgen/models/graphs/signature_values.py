"""Which array of a SavedModel's checkpoint each variable of its graph has.

The graph's nodes say nothing about it: a SavedModel may have several nodes for one variable. What a function captures is an
object of the saved object graph, and the same object of the checkpoint's object graph has the key of its values.
Sources: tensorflow/core/protobuf/saved_object_graph.proto, trackable_object_graph.proto.
"""

from __future__ import annotations

from typing import Any

_VALUE = "VARIABLE_VALUE"
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


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
