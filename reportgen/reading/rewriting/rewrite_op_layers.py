"""TensorFlowOpLayer, as TensorFlow 2.0 to 2.3 save an operation in a functional model: brought into the form of 2.4.

Such a layer has the operation as a node of TensorFlow's graph, the inputs that are constants by their position, and
calls with the other inputs. In the form of TensorFlow 2.4 it is a function with arguments, which `rewrite_operations`
knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.reading.rewriting.rewrite_nodes import Call
from reportgen.reading.rewriting.rewrite_operations import UnknownOperationError

OP_LAYER = "TensorFlowOpLayer"
_PLAIN = {
    "Add": "math.add", "AddV2": "math.add", "Sub": "math.subtract", "Mul": "math.multiply", "RealDiv": "math.truediv",
    "DivNoNan": "math.divide_no_nan", "Pow": "math.pow", "Maximum": "math.maximum", "Minimum": "math.minimum",
    "Neg": "math.negative", "Abs": "math.abs", "Exp": "math.exp", "Log": "math.log", "Log1p": "math.log1p",
    "Sqrt": "math.sqrt", "Rsqrt": "math.rsqrt", "Square": "math.square", "Sin": "math.sin", "Cos": "math.cos",
    "Tanh": "math.tanh", "Sigmoid": "math.sigmoid", "Softplus": "math.softplus", "Erf": "math.erf",
    "Floor": "math.floor", "Ceil": "math.ceil", "Sign": "math.sign", "Relu": "nn.relu", "Relu6": "nn.relu6",
    "Elu": "nn.elu", "Selu": "nn.selu", "Softmax": "nn.softmax", "Identity": "identity",
}  # fmt: skip
_REDUCE = {
    "Mean": "math.reduce_mean", "Sum": "math.reduce_sum", "Max": "math.reduce_max", "Min": "math.reduce_min",
    "Prod": "math.reduce_prod",
}  # fmt: skip
_WITH_CONSTANT = {
    "Reshape": ("reshape", "shape"),
    "Transpose": ("transpose", "perm"),
    "ExpandDims": ("expand_dims", "axis"),
}
_MASKS = ("begin_mask", "end_mask", "shrink_axis_mask", "new_axis_mask", "ellipsis_mask")


def function_calls(config: Mapping[str, Any], calls: list[Call]) -> tuple[str, list[Call]]:
    """Return the name of the function and its calls.

    Args:
        config: of the layer, with `node_def` and `constants`.
        calls: as the file has them.

    Raises:
        UnknownOperationError: the operation is not in the lists, or the layer is not as TensorFlow writes it.
    """
    node, constants = config.get("node_def"), config.get("constants")
    if not isinstance(node, dict) or not isinstance(constants, dict):
        raise UnknownOperationError("a node of another form")
    operation, attributes = str(node.get("op")), node.get("attr")
    attributes = attributes if isinstance(attributes, dict) else {}
    if operation in _PLAIN:
        return _PLAIN[operation], [Call(args=tuple(_inputs(call, constants)), kwargs={}) for call in calls]
    if operation in _REDUCE:
        keep = _attribute(attributes, "keep_dims", "b") is True
        return _REDUCE[operation], _second_as(calls, constants, lambda axis: {"axis": axis, "keepdims": keep})
    if operation in _WITH_CONSTANT:
        function, argument = _WITH_CONSTANT[operation]
        return function, _second_as(calls, constants, lambda value: {argument: value})
    if operation == "ConcatV2":
        return "concat", [_concatenated(_inputs(call, constants)) for call in calls]
    if operation == "StridedSlice":
        masks = [int(_attribute(attributes, name, "i") or 0) for name in _MASKS]
        return "__operators__.getitem", [_sliced(_inputs(call, constants), masks) for call in calls]
    raise UnknownOperationError(f"raw_ops.{operation}")


def _inputs(call: Call, constants: Mapping[str, Any]) -> list[Any]:
    """Return all inputs of the operation in their order."""
    first = call.args[0] if call.args else None
    given = first if isinstance(first, list) else [first]
    inputs: list[Any] = []
    tensors = iter(given)
    for place in range(len(given) + len(constants)):
        value = constants[str(place)] if str(place) in constants else next(tensors, None)
        inputs.append(value)
    return inputs


def _attribute(attributes: Mapping[str, Any], name: str, kind: str) -> Any:
    value = attributes.get(name)
    return value.get(kind) if isinstance(value, dict) else None


def _second_as(
    calls: list[Call], constants: Mapping[str, Any], keywords: Callable[[Any], dict[str, Any]]
) -> list[Call]:
    if set(constants) != {"1"}:
        raise UnknownOperationError("a shape that is computed")
    return [Call(args=(_inputs(call, constants)[0],), kwargs=keywords(constants["1"])) for call in calls]


def _concatenated(inputs: list[Any]) -> Call:
    *tensors, axis = inputs
    if not isinstance(axis, int):
        raise UnknownOperationError("an axis that is computed")
    return Call(args=(tensors,), kwargs={"axis": axis})


def _sliced(inputs: list[Any], masks: list[int]) -> Call:
    begin_mask, end_mask, shrink_mask, *others = masks
    if len(inputs) != 4 or not all(isinstance(part, list) for part in inputs[1:]) or any(others):
        raise UnknownOperationError("a slice by something else than numbers")
    parts: list[Any] = []
    for axis, (begin, end, step) in enumerate(zip(*inputs[1:], strict=False)):
        if shrink_mask >> axis & 1:
            parts.append(begin)
            continue
        start = None if begin_mask >> axis & 1 else begin
        stop = None if end_mask >> axis & 1 else end
        parts.append({"start": start, "stop": stop, "step": step})
    return Call(args=(inputs[0],), kwargs={"slice_spec": parts})
