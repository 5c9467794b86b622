"""TensorFlow's operations in a functional model of Keras 2, as operations of Keras 3.

`x + 1` or `tf.nn.relu(x)` in a functional model of Keras 2 is a layer of class TFOpLambda with the function's name, and
a slice is a SlicingOpLambda. What is in the lists below has the same meaning in Keras 3; everything else is named and
not run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reportgen.reading.rewriting import keras_names
from reportgen.reading.rewriting.calls import Call

# f(x, y) of two tensors, or of a tensor and a number
BINARY = {
    "__operators__.add": "Add",
    "math.add": "Add",
    "math.subtract": "Subtract",
    "math.multiply": "Multiply",
    "math.divide": "Divide",
    "math.truediv": "TrueDivide",
    "math.divide_no_nan": "DivideNoNan",
    "math.floordiv": "FloorDivide",
    "math.floormod": "Mod",
    "math.pow": "Power",
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
    "math.greater": "Greater",
    "math.greater_equal": "GreaterEqual",
    "math.less": "Less",
    "math.less_equal": "LessEqual",
    "math.logical_and": "LogicalAnd",
    "math.logical_or": "LogicalOr",
    "linalg.matmul": "Matmul",
}
UNARY = {
    "math.negative": "Negative",
    "math.abs": "Absolute",
    "math.exp": "Exp",
    "math.log": "Log",
    "math.log1p": "Log1p",
    "math.sqrt": "Sqrt",
    "math.rsqrt": "Rsqrt",
    "math.square": "Square",
    "math.sin": "Sin",
    "math.cos": "Cos",
    "math.tanh": "Tanh",
    "math.erf": "Erf",
    "math.sign": "Sign",
    "math.floor": "Floor",
    "math.ceil": "Ceil",
    "math.reciprocal": "Reciprocal",
    "math.sigmoid": "Sigmoid",
    "math.softplus": "Softplus",
    "math.logical_not": "LogicalNot",
    "nn.relu": "Relu",
    "nn.relu6": "Relu6",
    "nn.elu": "Elu",
    "nn.selu": "Selu",
    "nn.softsign": "Softsign",
    "ones_like": "OnesLike",
    "zeros_like": "ZerosLike",
    "identity": "Copy",
    "stop_gradient": "StopGradient",
}
REDUCE = {
    "math.reduce_mean": "Mean",
    "math.reduce_sum": "Sum",
    "math.reduce_max": "Max",
    "math.reduce_min": "Min",
    "math.reduce_prod": "Prod",
    "math.reduce_std": "Std",
    "math.reduce_variance": "Var",
}
# TensorFlow's function: the operation, the names of its constructor's arguments by TensorFlow's name, what Keras 3 must
# be told since its default is another
WITH_ARGUMENTS: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, Any]]] = {
    "concat": ("Concatenate", {"axis": "axis"}, {}),
    "stack": ("Stack", {"axis": "axis"}, {}),
    "reshape": ("Reshape", {"shape": "newshape"}, {}),
    "transpose": ("Transpose", {"perm": "axes"}, {}),
    "expand_dims": ("ExpandDims", {"axis": "axis"}, {}),
    "squeeze": ("Squeeze", {"axis": "axis"}, {}),
    "tile": ("Tile", {"multiples": "repeats"}, {}),
    "cast": ("Cast", {"dtype": "dtype"}, {}),
    "clip_by_value": ("Clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}, {}),
    "nn.softmax": ("Softmax", {"axis": "axis"}, {"axis": -1}),
    "nn.log_softmax": ("LogSoftmax", {"axis": "axis"}, {"axis": -1}),
    "nn.leaky_relu": ("LeakyRelu", {"alpha": "negative_slope"}, {"negative_slope": 0.2}),
    "nn.gelu": ("Gelu", {"approximate": "approximate"}, {"approximate": False}),
    "nn.silu": ("Silu", {}, {}),
    "pad": ("Pad", {"paddings": "pad_width"}, {}),
    **{function: (operation, {"axis": "axis", "keepdims": "keepdims"}, {}) for function, operation in REDUCE.items()},
}
# The same function under the names that other versions of TensorFlow gave it
SYNONYMS = {
    "add": "math.add",
    "subtract": "math.subtract",
    "multiply": "math.multiply",
    "divide": "math.divide",
    "__operators__.truediv": "math.truediv",
    "realdiv": "math.truediv",
    "math.add_v2": "math.add",
    "math.mul": "math.multiply",
    "math.sub": "math.subtract",
    "math.neg": "math.negative",
    "nn.swish": "nn.silu",
    "nn.sigmoid": "math.sigmoid",
    "nn.tanh": "math.tanh",
    "nn.softplus": "math.softplus",
    "sigmoid": "math.sigmoid",
    "tanh": "math.tanh",
    "abs": "math.abs",
    "exp": "math.exp",
    "sqrt": "math.sqrt",
    "square": "math.square",
    "pow": "math.pow",
    "maximum": "math.maximum",
    "minimum": "math.minimum",
    "matmul": "linalg.matmul",
    "reduce_mean": "math.reduce_mean",
    "reduce_sum": "math.reduce_sum",
    "reduce_max": "math.reduce_max",
    "compat.v1.transpose": "transpose",
    "compat.v1.nn.relu": "nn.relu",
    "nn.relu_v2": "nn.relu",
    "compat.v1.concat": "concat",
    "compat.v1.pad": "pad",
    "compat.v1.squeeze": "squeeze",
}
# What these functions' first arguments are called
FIRST = ("x", "a", "input", "input_tensor", "values", "tensor", "features", "logits", "t", "value")
SECOND = ("y", "b")


LAMBDA_CLASSES = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"})

# Arguments with these values say what holds anyway
_NEUTRAL = {"conjugate": False, "mode": "CONSTANT", "constant_values": 0, "transpose_a": False, "transpose_b": False}


class UnknownOperationError(ValueError):
    """The function, or a way to call it, is not in the lists."""


def operation_item(function: str, name: str, calls: list[Call]) -> dict[str, Any]:
    """Return the layer entry of a functional model for an operation, with its calls.

    Args:
        function: TensorFlow's name of it, such as 'math.multiply'.
        name: the layer's name.
        calls: the layer's calls, as the file has them.

    Raises:
        UnknownOperationError: it is not in the lists, or is called in a way that they do not know.
    """
    function = SYNONYMS.get(function, function)
    if function == "__operators__.getitem":
        return _item("GetItem", {}, name, [_sliced(call) for call in calls])
    if function in BINARY:
        return _item(BINARY[function], {}, name, [_binary(call) for call in calls])
    if function in UNARY:
        return _item(UNARY[function], {}, name, [_unary(call, {}) for call in calls])
    if function in WITH_ARGUMENTS:
        operation, arguments, defaults = WITH_ARGUMENTS[function]
        configs = [{**defaults, **_constructor(call, arguments)} for call in calls]
        if any(config != configs[0] for config in configs):
            raise UnknownOperationError(f"{function} called in two ways")
        return _item(operation, configs[0] if configs else {}, name, [_unary(call, arguments) for call in calls])
    raise UnknownOperationError(function)


def _item(operation: str, config: Mapping[str, Any], name: str, calls: list[Call]) -> dict[str, Any]:
    return {
        "module": keras_names.OPERATIONS[operation],
        "class_name": operation,
        "config": {**config, "name": name},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [{"args": list(call.args), "kwargs": dict(call.kwargs)} for call in calls],
    }


def _argument(call: Call, position: int, names: tuple[str, ...]) -> tuple[Any, set[str]]:
    if len(call.args) > position:
        return call.args[position], set()
    for name in names:
        if name in call.kwargs:
            return call.kwargs[name], {name}
    raise UnknownOperationError(f"a call without {names[0]}")


def _binary(call: Call) -> Call:
    left, used_left = _argument(call, 0, FIRST)
    right, used_right = _argument(call, 1, SECOND)
    _refuse_others(call, used_left | used_right)
    return Call(args=(left, right), kwargs={})


def _unary(call: Call, arguments: Mapping[str, str]) -> Call:
    value, used = _argument(call, 0, FIRST)
    _refuse_others(call, used | set(arguments))
    return Call(args=(value,), kwargs={})


def _constructor(call: Call, arguments: Mapping[str, str]) -> dict[str, Any]:
    given = {new: call.kwargs[old] for old, new in arguments.items() if old in call.kwargs}
    if any(_holds_tensor(value) for value in given.values()):
        raise UnknownOperationError("a shape that is computed")
    return given


def _refuse_others(call: Call, used: set[str]) -> None:
    others = {
        key
        for key, value in call.kwargs.items()
        if key not in used and not (key in _NEUTRAL and _NEUTRAL[key] == value)
    }
    if others:
        raise UnknownOperationError(f"an argument {min(others)}")


def _sliced(call: Call) -> Call:
    value, used = _argument(call, 0, ("tensor",))
    _refuse_others(call, used | {"slice_spec"})
    spec = call.kwargs.get("slice_spec")
    if spec is None or _holds_tensor(spec):
        raise UnknownOperationError("a slice that is computed")
    return Call(args=(value, [_slice(part) for part in spec] if isinstance(spec, list) else _slice(spec)), kwargs={})


def _slice(part: Any) -> Any:
    if isinstance(part, dict) and set(part) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": part}
    if isinstance(part, dict) and part.get("class_name") == "__ellipsis__":
        return {"class_name": "__ellipsis__", "config": {}}
    if part is None or (isinstance(part, int) and not isinstance(part, bool)):
        return part
    raise UnknownOperationError("a slice by something else than numbers")


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") == "__keras_tensor__" or any(_holds_tensor(item) for item in value.values())
    return isinstance(value, list) and any(_holds_tensor(item) for item in value)


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
        config: the layer's configuration, with `node_def` and `constants`.
        calls: the layer's calls, as the file has them.

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
        return "__operators__.getitem", [_strided(_inputs(call, constants), masks) for call in calls]
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


def _strided(inputs: list[Any], masks: list[int]) -> Call:
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
