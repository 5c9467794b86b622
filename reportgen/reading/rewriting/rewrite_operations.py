"""TensorFlow's operations in a functional model of Keras 2, as operations of Keras 3.

`x + 1` or `tf.nn.relu(x)` in a functional model of Keras 2 is a layer of class TFOpLambda with the function's name, and
a slice is a SlicingOpLambda. What is in the lists below has the same meaning in Keras 3; everything else is named and
not run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.reading.rewriting import known
from reportgen.reading.rewriting.known_operations import BINARY, FIRST, SECOND, SYNONYMS, UNARY, WITH_ARGUMENTS
from reportgen.reading.rewriting.rewrite_nodes import Call

LAMBDA_CLASSES = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"})

# Arguments with these values say what holds anyway
_NEUTRAL = {"conjugate": False, "mode": "CONSTANT", "constant_values": 0, "transpose_a": False, "transpose_b": False}


class UnknownOperationError(ValueError):
    """The function, or a way to call it, is not in the lists."""


def operation_item(function: str, name: str, calls: list[Call]) -> dict[str, Any]:
    """Return the layer entry of a functional model for an operation, with its calls.

    Args:
        function: TensorFlow's name of it, such as 'math.multiply'.
        name: of the layer.
        calls: as the file has them.

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
        "module": known.OPERATIONS[operation],
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
