"""Values inside a layer's configuration: initialisers, regularisers, policies, activations, and plain ones.

What comes out names nothing but Keras' own classes: module and class are written anew from the list in `known`, never
copied from the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from reportgen.messages import say
from reportgen.reading.rewriting import keras_names
from reportgen.reading.rewriting.obstacles import Notes, ObstacleKind
from reportgen.reading.rewriting.permissions import custom_key, function_item, marshalled, marshalled_key
from reportgen.untrusted.escaping import shown

# Rewrites a layer found in a layer, such as a wrapper's; given by `rewrite`, which imports this module
Nested = Callable[[Mapping[str, Any], str], dict[str, Any]]

HARD_SIGMOID = "keras2_hard_sigmoid"  # the name of the function in `build`
# Registries by the end of the key that holds such an object
REGISTRIES = (
    ("initializer", "keras.initializers", keras_names.INITIALIZERS),
    ("regularizer", "keras.regularizers", keras_names.REGULARIZERS),
    ("constraint", "keras.constraints", keras_names.CONSTRAINTS),
)
_LEFT_OUT = {
    "keras.initializers": say("A custom initialiser was left out; the model runs without it"),
    "keras.regularizers": say("A custom regulariser was left out; the model runs without it"),
    "keras.constraints": say("A custom constraint was left out; the model runs without it"),
}
_LAMBDA = say("a Lambda function")
# What TensorFlow 1 saved with an initialiser, and Keras 3 does not take
DROPPED_INITIALIZER_ARGUMENTS = ("dtype", "partition_info")
# Of Keras 3.13 and later; None says nothing, and an older Keras 3, all that Python 3.10 has, does not take them
NEWER_INITIALIZER_ARGUMENTS = ("input_axes", "output_axes")
SHORT_INITIALIZERS = {"uniform": "random_uniform", "normal": "random_normal", "one": "ones", "zero": "zeros"}


def readable_value(key: str, value: Any, *, path: str, notes: Notes, nested: Nested) -> Any:
    """Return a value of a configuration as Keras 3 reads it, made of nothing but what is known.

    Args:
        key: the argument that it is the value of.
        value: parsed JSON.
        path: the layer's path, for notes.
        notes: take what was rewritten and what is not known.
        nested: rewrites a layer within this layer.
    """
    if isinstance(value, list):
        return [readable_value(key, item, path=path, notes=notes, nested=nested) for item in value]
    if key in ("dtype", "dtype_policy"):
        return readable_policy(value, path, notes)
    for ending, module, names in REGISTRIES:
        if key.endswith(ending):
            return _registered(value, module, names, path=path, notes=notes, nested=nested)
    if key.endswith("activation"):
        return _activation(value, path=path, notes=notes, nested=nested)
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("class_name"), str):
        return _object(value, path=path, notes=notes, nested=nested)
    return {name: readable_value(name, item, path=path, notes=notes, nested=nested) for name, item in value.items()}


def _object(value: Mapping[str, Any], *, path: str, notes: Notes, nested: Nested) -> Any:
    class_name = value["class_name"]
    if class_name in ("__tuple__", "TensorShape"):  # as .h5 files write them
        return readable_value("items", value.get("items", []), path=path, notes=notes, nested=nested)
    config = value.get("config")
    given = notes.permitted.name_of(value)
    if given is not None:
        return given_object(value, given, path=path, notes=notes, nested=nested)
    if class_name in SPECIAL:
        return {"class_name": class_name, "config": plain_value(config, path, notes)}
    if class_name == "__lambda__":
        return given_function(value, path, notes)
    if not keras_names.is_from_keras(value.get("module")):
        notes.met(ObstacleKind.CUSTOM, path, _full_name(value))
        return None
    for names, module in ((keras_names.POLICIES, "keras.dtype_policies"), (keras_names.QUANTIZERS, "keras.quantizers")):
        if class_name in names:
            return _built_in(class_name, module, config, path=path, notes=notes, nested=nested)
    if class_name == "SeedGenerator":
        return _built_in(class_name, "keras.random", config, path=path, notes=notes, nested=nested)
    if class_name in keras_names.LAYERS or class_name in keras_names.ALIASES or class_name in keras_names.MODELS:
        return nested(value, path)
    for _, module, names in REGISTRIES:
        if class_name in names:
            return _built_in(class_name, module, config, path=path, notes=notes, nested=nested)
    notes.met(ObstacleKind.CUSTOM, path, _full_name(value))
    return None


def given_object(value: Mapping[str, Any], name: str, *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    """Return the configuration of an object of a class that the user gave.

    Args:
        value: the object's entry, with its `config`.
        name: what the user's modules call the class.
        path: the layer's path, for notes.
        notes: take what was rewritten and what is not known.
        nested: rewrites a layer within this object.
    """
    config = value.get("config")
    notes.ran(_ran(name, path))
    return {
        "module": None,
        "class_name": name,
        "config": {
            key: readable_value(key, item, path=path, notes=notes, nested=nested)
            for key, item in (config if isinstance(config, dict) else {}).items()
        },
        "registered_name": custom_key(name),
    }


def _ran(name: str, path: str) -> str:
    if not path:
        return say("The model: {name} of the given modules was run.", name=shown(name))
    return say("Layer '{path}': {name} of the given modules was run.", path=shown(path), name=shown(name))


def given_function(value: Any, path: str, notes: Notes, *, what: str = _LAMBDA) -> dict[str, Any] | None:
    """Return how Keras finds a function that the user gave or that the file brings along; None where it may not run.

    Args:
        value: a function's name, or its byte code, as Keras 2 or 3 wrote it.
        path: the layer's path.
        notes: take the function, or why it may not run.
        what: an obstacle calls it.
    """
    name = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
    if isinstance(name, str):
        given = notes.permitted.find(name)
        if given is None:
            notes.met(ObstacleKind.CUSTOM, path, say("function {name}", name=shown(name)))
            return None
        notes.ran(_ran(given, path))
        return function_item(custom_key(given))
    function = marshalled(value, path)
    if not notes.permitted.code or function is None:
        notes.met(ObstacleKind.CODE, path, what)
        return None
    key = marshalled_key(len(notes.functions))
    notes.functions[key] = function
    notes.ran(say("Layer '{path}': a function embedded in the file was run.", path=shown(path)))
    return function_item(key)


def _built_in(class_name: str, module: str, config: Any, *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    arguments = config if isinstance(config, dict) else {}
    return {
        "module": module,
        "class_name": class_name,
        "config": {
            name: readable_value(name, item, path=path, notes=notes, nested=nested) for name, item in arguments.items()
        },
        "registered_name": None,
    }


def _registered(value: Any, module: str, names: frozenset[str], *, path: str, notes: Notes, nested: Nested) -> Any:
    """Return an initialiser, regulariser or constraint; None where it is custom, for it is not needed to run."""
    if value is None:
        return None
    class_name = value if isinstance(value, str) else value.get("class_name") if isinstance(value, dict) else None
    from_keras = not isinstance(value, dict) or keras_names.is_from_keras(value.get("module"))
    found = _match(str(class_name), names) if from_keras else None
    given = notes.permitted.name_of(value) if isinstance(value, dict) else None
    if isinstance(value, dict) and given is not None:
        return given_object(value, given, path=path, notes=notes, nested=nested)
    if found is None:
        notes.rewrote(_LEFT_OUT[module], f"{path} ({class_name})")
        return None
    arguments = value.get("config") if isinstance(value, dict) else {}
    arguments = dict(arguments) if isinstance(arguments, dict) else {}
    if module == "keras.initializers":
        for argument in DROPPED_INITIALIZER_ARGUMENTS:
            arguments.pop(argument, None)
        for argument in NEWER_INITIALIZER_ARGUMENTS:
            if arguments.get(argument, "") is None:
                del arguments[argument]
        if arguments.get("distribution") == "normal":  # its name up to Keras 2.1
            arguments["distribution"] = "truncated_normal"
    return _built_in(found, module, arguments, path=path, notes=notes, nested=nested)


def _match(name: str, names: frozenset[str]) -> str | None:
    """Return the class of that name, which may be written as 'he_normal' or, by TensorFlow 1, as 'HeNormalV2'."""
    if name in names:
        return name
    plain = SHORT_INITIALIZERS.get(name, name).removesuffix("V2").replace("_", "").lower()
    return next((candidate for candidate in sorted(names) if candidate.lower() == plain), None)


# Of the Model Optimization Toolkit: one around an activation, and the one that does nothing
_QUANTISED_ACTIVATIONS = ("QuantizeAwareActivation", "NoOpActivation")


def _activation(value: Any, *, path: str, notes: Notes, nested: Nested) -> Any:
    if value is None:
        return None
    if isinstance(value, dict) and value.get("class_name") in _QUANTISED_ACTIVATIONS:
        inside = value.get("config")
        value = inside.get("activation", "linear") if isinstance(inside, dict) else None
        return _activation(value, path=path, notes=notes, nested=nested)
    name = value
    if isinstance(value, dict):
        if value.get("class_name") == "function" and keras_names.is_from_keras_or_builtins(value.get("module")):
            name = value.get("config")
        elif value.get("class_name") in keras_names.LAYERS:
            return nested(value, path)
        elif value.get("class_name") == "function" and notes.permitted.find(str(value.get("config"))):
            return given_function(value, path, notes)
        else:
            return _object(value, path=path, notes=notes, nested=nested)
    if isinstance(name, str) and notes.permitted.find(name) and name not in keras_names.ACTIVATIONS:
        return given_function(name, path, notes)
    if isinstance(name, str) and name not in keras_names.ACTIVATIONS:
        instead = notes.permitted.activation_instead(name, path)
        if instead is not None:
            name = _instead(name, instead, path, notes)
    if name == "<lambda>":
        notes.met(ObstacleKind.UNNAMED, path, say("activation {name}", name=name))
        return None
    if not isinstance(name, str) or name not in keras_names.ACTIVATIONS:
        notes.met(ObstacleKind.CUSTOM, path, say("activation {name}", name=shown(str(name))))
        return None
    if name == "hard_sigmoid" and notes.old:
        notes.rewrote(say("hard_sigmoid keeps the definition of Keras 2, min(max(0.2 x + 0.5, 0), 1)"), path)
        # Keras looks for other functions than its own under this form alone
        return {"class_name": "function", "config": HARD_SIGMOID, "module": "builtins", "registered_name": HARD_SIGMOID}
    return name


def _instead(name: str, instead: str, path: str, notes: Notes) -> str:
    """Return Keras' activation that the user put in place of one that is not Keras', and note that."""
    asked = say("Activation {name} was replaced by {instead} (--activation)", name=shown(name), instead=instead)
    notes.rewrote(asked, path)
    return instead


def _full_name(value: Mapping[str, Any]) -> str:
    registered = value.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        return registered
    module = value.get("module")
    return f"{module}.{value['class_name']}" if isinstance(module, str) else str(value["class_name"])


# Beyond these, a Lambda layer's configuration says how Keras 2 stored its function
_LAMBDA_ARGUMENTS = ("name", "trainable", "dtype", "arguments")


def custom_item(item: Mapping[str, Any], name: str, *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    """Return a layer or a model of a class that the user gave.

    Args:
        item: the layer's entry, with its `config`.
        name: what the user's modules call the class.
        path: the layer's path, for notes.
        notes: take what was rewritten and what is not known.
        nested: rewrites a layer within this layer.
    """
    result = given_object(item, name, path=path, notes=notes, nested=nested)
    build = item.get("build_config")
    if isinstance(build, dict):  # shapes, with which a class builds what is within it
        result["build_config"] = readable_value("build_config", build, path=path, notes=notes, nested=nested)
    if isinstance(item.get("shared_object_id"), int):
        result["shared_object_id"] = item["shared_object_id"]
    return result


def lambda_item(item: Mapping[str, Any], *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    """Return a Lambda layer whose function may run; {} of another, after the obstacle was noted."""
    config = item.get("config")
    config = config if isinstance(config, dict) else {}
    function = given_function(config.get("function"), path, notes, what="Lambda")
    if function is None:
        return {}
    readable = {
        key: readable_value(key, config[key], path=path, notes=notes, nested=nested)
        for key in _LAMBDA_ARGUMENTS
        if config.get(key) is not None
    }
    shape = config.get("output_shape")
    if isinstance(shape, dict) and shape.get("class_name") == "__tuple__":
        shape = shape.get("items")
    if isinstance(shape, list) and all(axis is None or isinstance(axis, int) for axis in shape):
        readable["output_shape"] = shape
    elif shape is not None:
        readable["output_shape"] = given_function(shape, path, notes, what="Lambda")
    return {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {**readable, "function": function},
        "registered_name": None,
    }


POLICY_NAME = re.compile(r"[a-z0-9_]{1,60}")
SPECIAL = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__"})


def plain_value(value: Any, path: str, notes: Notes) -> Any:
    """Return numbers, strings and lists of them; tensors and slices of a node hold nothing else."""
    if isinstance(value, dict):
        if "class_name" in value and value["class_name"] not in SPECIAL:
            notes.met(ObstacleKind.LAYOUT, path, value["class_name"])
            return None
        return {name: plain_value(item, path, notes) for name, item in value.items()}
    if isinstance(value, list):
        return [plain_value(item, path, notes) for item in value]
    return value


def readable_policy(value: Any, path: str, notes: Notes) -> Any:
    """Return a data type policy, or the name of one, as Keras 3 reads it."""
    if value is None:
        return None
    name = value
    if isinstance(value, dict):
        class_name = value.get("class_name")
        config = value.get("config")
        config = config if isinstance(config, dict) else {}
        if class_name in keras_names.POLICIES and keras_names.is_from_keras(value.get("module")):
            return {
                "module": "keras.dtype_policies",
                "class_name": class_name,
                "config": plain_value(config, path, notes)
                if class_name != "DTypePolicyMap"
                else _policy_map(config, notes),
                "registered_name": None,
            }
        name = config.get("name")
        if class_name in ("Policy", "PolicyV1"):  # of Keras 2; '_infer' takes the type of the input
            notes.rewrote(say("The data type policy of Keras 2 was rewritten to its name"), str(name))
            name = None if name == "_infer" else name
    if name is None or (isinstance(name, str) and POLICY_NAME.fullmatch(name)):
        return name
    notes.met(ObstacleKind.CUSTOM, path, say("data type policy {name}", name=shown(str(name))))
    return None


def _policy_map(config: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    policies = config.get("policy_map")
    return {
        "default_policy": readable_policy(config.get("default_policy"), "", notes),
        "policy_map": {
            name: readable_policy(item, name, notes)
            for name, item in (policies if isinstance(policies, dict) else {}).items()
        },
    }
