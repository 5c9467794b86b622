"""The graph in a functional model's configuration: names, calls, inputs and outputs as Keras 3 writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.messages import say
from reportgen.reading.containers import name_of
from reportgen.reading.rewriting import keras_names
from reportgen.reading.rewriting.calls import Call, Names, calls_of
from reportgen.reading.rewriting.obstacles import Notes, ObstacleKind
from reportgen.reading.rewriting.operations import (
    LAMBDA_CLASSES,
    OP_LAYER,
    UnknownOperationError,
    function_calls,
    operation_item,
)
from reportgen.reading.rewriting.values import Nested, readable_value


def readable_graph(config: Mapping[str, Any], *, path: str, notes: Notes, nested: Nested) -> dict[str, Any]:
    """Return a functional model's configuration: its layers with their calls, its inputs and its outputs.

    Args:
        config: the model's configuration, with `layers`, `input_layers` and `output_layers`.
        path: the model's path, for notes.
        notes: take what was rewritten and what is not known.
        nested: rewrites one of the layers.
    """
    items = [layer for layer in config["layers"] if isinstance(layer, dict)]
    given = [outer_name(layer) for layer in items]
    renamed = without_slashes(given, path=path, notes=notes)
    table = {old: new for old, new in zip(given, renamed, strict=True) if old is not None and new is not None}
    models = {
        old: layer["class_name"]
        for old, layer in zip(given, items, strict=True)
        if old is not None and layer.get("class_name") in keras_names.MODELS
    }
    names = Names(table, _counted_from_one(models, config, path, notes))
    layers = [
        _called(layer, name, names, path=path, notes=notes, nested=nested)
        for layer, name in zip(items, renamed, strict=True)
    ]
    return {
        "layers": layers,
        "input_layers": _ends(config["input_layers"], names, models, unwrap=notes.old),
        "output_layers": _ends(config["output_layers"], names, models, unwrap=notes.old),
    }


def without_slashes(names: list[str | None], *, path: str, notes: Notes) -> list[str | None]:
    """Return names that Keras 3 takes: a slash, which it uses in paths, becomes an underscore."""
    taken = {name for name in names if name is not None}
    result: list[str | None] = []
    for name in names:
        new = name
        if name is not None and "/" in name:
            new = name.replace("/", "_")
            while new in taken:
                new += "_"
            taken.add(new)
            notes.rewrote(say("In names of layers, / was replaced by _"), f"{path}/{name}" if path else name)
        result.append(new)
    return result


def outer_name(item: Mapping[str, Any]) -> str | None:
    """Return the name by which calls refer to a layer, which stands beside its configuration."""
    name = item.get("name")
    return name if isinstance(name, str) else name_of(item)


def _called(
    item: Mapping[str, Any], name: str | None, names: Names, *, path: str, notes: Notes, nested: Nested
) -> dict[str, Any]:
    where = f"{path}/{name}" if path else str(name)
    try:
        calls = calls_of(item.get("inbound_nodes", []), names)
    except (ValueError, IndexError, TypeError) as error:
        notes.met(ObstacleKind.LAYOUT, where, str(error))
        return {}
    if item.get("class_name") in LAMBDA_CLASSES or item.get("class_name") == OP_LAYER:
        return _from_tensorflow(item, str(name), calls, where, notes)
    result = nested(item, path)
    if not result:
        return {}
    plain = readable_value(
        "calls",
        [{"args": list(call.args), "kwargs": dict(call.kwargs)} for call in calls],
        path=where,
        notes=notes,
        nested=nested,
    )
    if "name" in result["config"]:
        result["config"]["name"] = name
    return {**result, "name": name, "inbound_nodes": plain}


def _from_tensorflow(item: Mapping[str, Any], name: str, calls: list[Call], where: str, notes: Notes) -> dict[str, Any]:
    config = item.get("config")
    config = config if isinstance(config, dict) else {}
    function = str(config.get("function"))
    try:
        if item["class_name"] == OP_LAYER:
            function = OP_LAYER  # until it is known
            function, calls = function_calls(config, calls)
        result = operation_item(function, name, calls)
    except UnknownOperationError as error:
        detail = str(error) if str(error) != function else ""
        notes.met(ObstacleKind.OPERATION, where, f"tf.{function}{f' ({detail})' if detail else ''}")
        return {}
    notes.rewrote(say("Operations of TensorFlow were replaced by those of Keras 3"), f"tf.{function}")
    return result


def _counted_from_one(models: Mapping[str, str], config: Mapping[str, Any], path: str, notes: Notes) -> list[str]:
    """Return the nested models whose calls are counted from 1, as Keras 2 does."""
    if not notes.old or not models:
        return []
    lowest: dict[str, int] = {}
    _lowest_nodes([layer.get("inbound_nodes") for layer in config["layers"] if isinstance(layer, dict)], lowest)
    _lowest_nodes([config["input_layers"], config["output_layers"]], lowest)
    counted = [name for name in models if lowest.get(name, 0) >= 1]
    for name in counted:
        notes.rewrote(
            say("The calls of nested models were numbered from 0, as in Keras 3"), f"{path}/{name}" if path else name
        )
    return counted


def _lowest_nodes(value: Any, lowest: dict[str, int]) -> None:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return
    if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
        lowest[value[0]] = min(lowest.get(value[0], value[1]), value[1])
    for item in value:
        _lowest_nodes(item, lowest)


def _ends(value: Any, names: Names, models: Mapping[str, str], *, unwrap: bool) -> Any:
    """Return a model's inputs or outputs; Keras 2 writes a single one as a list of one."""
    if names.is_tensor(value):
        # For a functional model, and for that alone, Keras 3 counts from 1 here
        return names.history(value, keep_index=models.get(value[0], "Sequential") != "Sequential")
    if isinstance(value, dict):
        return {key: _ends(item, names, models, unwrap=False) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if unwrap and len(value) == 1:
        return _ends(value[0], names, models, unwrap=False)
    return [_ends(item, names, models, unwrap=False) for item in value]
