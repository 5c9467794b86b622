"""Layers of the user's classes, and Lambda layers, in a configuration: written so that nothing else can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.reading.rewriting.notes import Notes
from reportgen.reading.rewriting.rewrite_values import Nested, given_function, given_object, readable_value

# Beyond these, a Lambda layer's configuration says how Keras 2 stored its function
_LAMBDA_ARGUMENTS = ("name", "trainable", "dtype", "arguments")


def custom_item(item: Mapping[str, Any], name: str, *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    """Return a layer or a model of a class that the user gave.

    Args:
        item: with its `config`.
        name: under which the user gave the class.
        path: of the layer, for notes.
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
