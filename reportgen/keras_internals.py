"""Everything that the program knows of Keras' private names, so that a new Keras is met in one file.

Names that files hold, such as the module of a class in a configuration, are the business of `reading`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np


def is_graph(layer: Any) -> bool:
    """Return whether this is a Sequential or functional model, which does nothing but call its layers."""
    return hasattr(layer, "_functional") or hasattr(layer, "_nodes_by_depth")


def graph_of(model: Any) -> Any:
    """Return what holds the graph of a Sequential or functional model; None for one that is subclassed or unbuilt."""
    graph = getattr(model, "_functional", None) or model
    return graph if hasattr(graph, "_nodes_by_depth") and getattr(graph, "inputs", None) else None


def graph_inputs(model: Any) -> list[Any]:
    """Return the symbolic inputs of a Sequential or functional model; none for a subclassed or unbuilt one."""
    graph = graph_of(model)
    return [] if graph is None else list(graph.inputs)


def input_structure(graph: Any) -> Any:
    """Return the symbolic inputs of a graph as the model wants them: alone, in a list, or in a dictionary."""
    return graph._inputs_struct


def output_structure(graph: Any) -> Any:
    """Return the symbolic outputs of a graph as the model returns them: alone, in a list, or in a dictionary."""
    return graph._outputs_struct


def nodes_in_order(graph: Any) -> Iterator[Any]:
    """Yield the calls of a graph's layers, each after those whose outputs it takes."""
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        yield from graph._nodes_by_depth[depth]


def is_told_to_train(node: Any) -> bool:
    """Return whether a call of a graph may have been told to train: some argument of it that is no tensor is true."""
    arguments = node.arguments
    return any(value is True for value in (*arguments.args, *arguments.kwargs.values()))


_HOLDING_CODE = ("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper")


def is_of_keras(layer: Any) -> bool:
    """Return whether a layer or operation computes what Keras wrote alone: class and activation are Keras' own."""
    parts = [type(layer), getattr(layer, "activation", None) or type(layer)]
    owners = [getattr(part, "__module__", type(part).__module__) for part in parts]
    return all(owner.startswith("keras.") for owner in owners) and type(layer).__name__ not in _HOLDING_CODE


def nodes_of(layer: Any) -> tuple[Any, ...]:
    """Return the recorded calls of a layer, in order; none for one that was never called symbolically."""
    return tuple(getattr(layer, "_inbound_nodes", ()))


def history_of(tensor: Any) -> Any:
    """Return (operation, index of its call, index of the output) that a symbolic tensor comes from; None for others."""
    return getattr(tensor, "_keras_history", None)


def built_shapes(model: Any) -> Mapping[str, Any]:
    """Return the shapes that a subclassed model remembers being built with, by argument."""
    return getattr(model, "_build_shapes_dict", None) or {}


def direct_layers(layer: Any) -> tuple[Any, ...]:
    """Return the layers that a layer tracks itself, without those inside them; none for an operation."""
    return tuple(layer._flatten_layers(include_self=False, recursive=False)) if _is_layer(layer) else ()


def inner_layers(layer: Any) -> tuple[Any, ...]:
    """Return the layers inside a layer, however deep; none for an operation."""
    return tuple(layer._flatten_layers(include_self=False)) if _is_layer(layer) else ()


def _is_layer(layer: Any) -> bool:
    return hasattr(layer, "_flatten_layers")


def own_weights(layer: Any) -> list[Any]:
    """Return a layer's weights without those of the layers inside it; none for an operation that is not a layer."""
    own = [*getattr(layer, "_trainable_variables", ()), *getattr(layer, "_non_trainable_variables", ())]
    # SpectralNormalization tracks the kernel of the layer in it once more
    inside = {id(weight) for inner in getattr(layer, "_layers", None) or () for weight in inner.variables}
    return [weight for weight in own if id(weight) not in inside]


def stored_values(variable: Any) -> np.ndarray:
    """Return what a variable holds now, in the type it is stored in: not to be written to.

    TensorFlow's memory is shown and not copied where numpy knows the type. What is assigned to the variable later does not change
    it: TensorFlow gives the variable other memory while somebody holds this.
    """
    if hasattr(variable.value, "read_value"):
        tensor = variable.value.read_value()
        try:
            return np.asarray(memoryview(tensor))
        except (TypeError, ValueError, BufferError):  # bfloat16, and what lies on another device
            pass
    return np.asarray(variable.numpy())


def replace_variables(layer: Any, variables: Mapping[int, Any]) -> None:
    """Make a built layer and the layers in it use other variables, and forget those that they had.

    Args:
        layer: whose attributes and lists of weights are changed.
        variables: the new variables by the id of the old.
    """
    for one in layer._flatten_layers():
        one._tracker.unlock()  # Keras locks what a built layer holds
        for name, value in list(vars(one).items()):
            if id(value) in variables:
                vars(one)[name] = variables[id(value)]
            elif name in ("_trainable_variables", "_non_trainable_variables"):
                list.__setitem__(value, slice(None), [variables.get(id(own), own) for own in value])
        one._tracker.lock()
    _waiting()[:] = [one for one in _waiting() if id(one) not in variables]


def start_from_zero(model: Any) -> None:
    """Make the variables that have no value yet start as zero instead of asking their initialisers."""
    import keras

    zeros = keras.initializers.Zeros()
    for variable in model.variables:
        if variable.dtype.startswith(("float", "bfloat")) and getattr(variable, "_initializer", None) is not None:
            variable._initializer = zeros


def forget_waiting() -> None:
    """Forget the variables that wait for their first value: Keras would allocate them at the next occasion."""
    _waiting()[:] = []


def _waiting() -> list[Any]:
    from keras.src.backend.common import global_state

    waiting: list[Any] = global_state.get_global_attribute("uninitialized_variables", [], set_to_default=True)
    return waiting


def sharing_scope() -> Any:
    """Return the scope in which layers of one configuration that name the same identity are built once.

    Keras opens it when it loads a file.
    """
    from keras.src.saving.serialization_lib import ObjectSharingScope

    return ObjectSharingScope()


def registered_objects() -> Mapping[str, Any]:
    """Return the classes and functions that were registered as serialisable, by their registered names."""
    from keras.src.saving import object_registration

    registered: Mapping[str, Any] = object_registration.GLOBAL_CUSTOM_OBJECTS
    return registered


def quantised(layer: Any) -> str | None:
    """Return how a layer is quantised, such as 'int8' or 'float8'; None where it is not."""
    return getattr(layer, "quantization_mode", None) if getattr(layer, "_is_quantized", False) else None


def dequantised_kernel(layer: Any) -> tuple[tuple[int, ...], Callable[[], np.ndarray]] | None:
    """Return shape and values of a layer's kernel, float32, that its whole numbers stand for.

    Source: `_int8_call` and `_int4_call` of keras.layers.Dense and EinsumDense in Keras 3.15.

    Args:
        layer: a built Dense or EinsumDense layer.

    Returns:
        None where the kernel is not stored as whole numbers of eight or four bits, or by another Keras in another way.
    """
    if quantised(layer) not in ("int8", "int4") or not hasattr(layer, "kernel_scale"):
        return None
    packed = quantised(layer) == "int4"
    shape = tuple(getattr(layer, "original_kernel_shape", None) or _unpacked_shape(layer, packed=packed) or ())
    return (shape, lambda: _dequantised(layer, shape, packed=packed)) if shape else None


def _unpacked_shape(layer: Any, *, packed: bool) -> tuple[int, ...] | None:
    if not packed:
        return tuple(layer._kernel.shape)
    columns = getattr(layer, "_orig_output_dim", None)
    return None if columns is None else (*layer._kernel.shape[:-1], columns)


def _dequantised(layer: Any, shape: tuple[int, ...], *, packed: bool) -> np.ndarray:
    import keras

    if not packed:
        scale = layer.kernel_scale.value
        if hasattr(layer, "_adjust_scale_for_dequant"):
            scale = layer._adjust_scale_for_dequant(scale)
        return np.asarray(layer._kernel.numpy() / keras.ops.convert_to_numpy(scale), dtype=np.float32)
    columns = getattr(layer, "_int4_unpacked_column_size", None) or shape[-1]
    whole = keras.ops.convert_to_numpy(keras.quantizers.unpack_int4(layer._kernel.value, columns, axis=-1))
    scale = np.asarray(layer.kernel_scale.numpy(), dtype=np.float32)
    if scale.ndim < 2:
        return np.asarray(whole / scale, dtype=np.float32).reshape(shape)
    group = layer.g_idx.numpy().astype(int)
    return np.asarray((whole - layer.kernel_zero.numpy()[group].astype(np.float32)) * scale[group]).reshape(shape)
