"""A model's configuration, as any Keras wrote it, made readable for Keras 3, and of nothing but what Keras has.

Every change is noted, and so is everything that stands against running the model: code that the file brings along,
classes that are not Keras' own, layers and operations that are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.models import known, limits
from reportgen.models.notes import Notes, Obstacle, ObstacleKind
from reportgen.models.rewrite_layers import readable_layer
from reportgen.models.rewrite_nodes import Names, calls_of
from reportgen.models.rewrite_operations import LAMBDA_CLASSES, UnknownOperationError, operation_item
from reportgen.models.rewrite_values import readable_value

SEQUENTIAL = {"module": "keras", "class_name": "Sequential", "registered_name": None}
FUNCTIONAL = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}


@dataclass(frozen=True)
class Readable:
    """A configuration after rewriting.

    Attributes:
        config: for Keras 3; incomplete where there are obstacles.
        rewrites: what was changed, one sentence each.
        obstacles: what stands against running it.
    """

    config: dict[str, Any]
    rewrites: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]


def is_old(keras_version: str | None) -> bool:
    """Return whether a file was saved by Keras 1 or 2; those of Keras 1 may say nothing."""
    return keras_version is None or keras_version.split(".")[0] in ("0", "1", "2")


def make_readable(config: Mapping[str, Any], *, keras_version: str | None) -> Readable:
    """Return a model's configuration for Keras 3.

    Args:
        config: with `class_name` and `config`, as stored.
        keras_version: that saved it, where the file says so.
    """
    notes = Notes(old=is_old(keras_version))
    module = config.get("module")
    if notes.old and isinstance(module, str) and module.startswith("keras.src.engine"):
        notes.rewrote(f"The module paths of Keras {keras_version} were replaced by those of Keras 3")
    rewriter = _Rewriter(notes)
    readable = rewriter.item(config, "", name_path=False)
    return Readable(config=readable, rewrites=notes.sentences(), obstacles=tuple(notes.obstacles))


class _Rewriter:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def item(self, item: Mapping[str, Any], path: str, *, name_path: bool = True) -> dict[str, Any]:
        """Return one entry of `layers`: a layer, a nested model or an operation; without its calls."""
        name = _name_of(item)
        if name_path and name is not None:
            path = f"{path}/{name}" if path else name
        class_name, module = item.get("class_name"), item.get("module")
        if not isinstance(class_name, str):
            self._notes.met(ObstacleKind.LAYOUT, path, "a layer without a class")
            return {}
        if class_name in known.CODE_LAYERS:
            self._notes.met(ObstacleKind.CODE, path, class_name)
        elif class_name in known.REMOVED_LAYERS and known.is_from_keras(module):
            self._notes.met(ObstacleKind.REMOVED, path, class_name)
        elif known.is_application_layer(item):
            plain = {**item, "class_name": class_name.rsplit(">", 1)[-1]}
            return readable_layer(plain, path=path, notes=self._notes, nested=self.item)
        elif not known.is_from_keras(module) or ">" in class_name or ">" in str(item.get("registered_name")):
            self._notes.met(ObstacleKind.CUSTOM, path, _custom_name(item))
        elif class_name in known.MODELS:
            return self._model(item, path)
        elif _is_operation(item):
            return self._operation(item, path)
        elif class_name in known.LAYERS or class_name in known.ALIASES:
            return readable_layer(item, path=path, notes=self._notes, nested=self.item)
        else:
            self._notes.met(ObstacleKind.CUSTOM, path, _custom_name(item))
        return {}

    def _model(self, item: Mapping[str, Any], path: str) -> dict[str, Any]:
        config = item.get("config")
        if isinstance(config, list):
            self._notes.rewrote("The Sequential model's list of layers was put into a configuration", path)
            config = {"name": item.get("name") or "sequential", "layers": config}
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
            self._notes.met(ObstacleKind.CUSTOM, path, f"a subclassed {item['class_name']}")
            return {}
        if item["class_name"] == "Sequential":
            sequential = self._sequential(config, path)
            shape = _built_with(item)
            if shape is not None:
                sequential.setdefault("build_input_shape", shape)
            result: dict[str, Any] = {**SEQUENTIAL, "config": sequential}
        elif "input_layers" in config and "output_layers" in config:
            result = {**FUNCTIONAL, "config": self._functional(config, path)}
        else:
            self._notes.met(ObstacleKind.LAYOUT, path, "a functional model without inputs and outputs")
            return {}
        if isinstance(item.get("shared_object_id"), int):
            result["shared_object_id"] = item["shared_object_id"]
        return result

    def _sequential(self, config: Mapping[str, Any], path: str) -> dict[str, Any]:
        items = [layer for layer in config["layers"] if isinstance(layer, dict)]
        layers = [self.item(layer, path) for layer in items]
        names = self._without_slashes([_name_of(layer) for layer in items], path)
        for layer, name in zip(layers, names, strict=True):
            if "config" in layer:
                layer["config"]["name"] = name
        input_layer = _input_layer(items[0]) if items else None
        if input_layer is not None:
            layers.insert(0, self.item(input_layer, path))
        result: dict[str, Any] = {"name": _plain_name(config), "layers": layers}
        if len(layers) > limits.SEQUENTIAL_LAYERS and layers[0].get("class_name") == "InputLayer":
            result["build_input_shape"] = layers.pop(0)["config"]["batch_shape"]
        for key in ("trainable", "dtype", "build_input_shape"):
            if key in config and key not in result:
                result[key] = readable_value(key, config[key], path=path, notes=self._notes, nested=self.item)
        return result

    def _functional(self, config: Mapping[str, Any], path: str) -> dict[str, Any]:
        items = [layer for layer in config["layers"] if isinstance(layer, dict)]
        given = [_name_of(layer, prefer_outer=True) for layer in items]
        renamed = self._without_slashes(given, path)
        table = {old: new for old, new in zip(given, renamed, strict=True) if old is not None and new is not None}
        models = {
            old: layer["class_name"]
            for old, layer in zip(given, items, strict=True)
            if old is not None and layer.get("class_name") in known.MODELS
        }
        names = Names(table, self._counted_from_one(models, config, path))
        layers = [self._called(layer, name, names, path) for layer, name in zip(items, renamed, strict=True)]
        ends = {
            key: self._ends(config[key], names, models, unwrap=self._notes.old)
            for key in ("input_layers", "output_layers")
        }
        result = {"name": _plain_name(config), "layers": layers, **ends}
        if isinstance(config.get("trainable"), bool):
            result["trainable"] = config["trainable"]
        return result

    def _called(self, item: Mapping[str, Any], name: str | None, names: Names, path: str) -> dict[str, Any]:
        where = f"{path}/{name}" if path else str(name)
        try:
            calls = calls_of(item.get("inbound_nodes", []), names)
            if item.get("class_name") in LAMBDA_CLASSES:
                return self._from_tensorflow(item, str(name), calls, where)
        except ValueError as error:
            self._notes.met(ObstacleKind.LAYOUT, where, str(error))
            return {}
        result = self.item(item, path)
        if not result:
            return {}
        plain = readable_value(
            "calls",
            [{"args": list(call.args), "kwargs": dict(call.kwargs)} for call in calls],
            path=where,
            notes=self._notes,
            nested=self.item,
        )
        if "name" in result["config"]:
            result["config"]["name"] = name
        return {**result, "name": name, "inbound_nodes": plain}

    def _from_tensorflow(self, item: Mapping[str, Any], name: str, calls: list[Any], where: str) -> dict[str, Any]:
        config = item.get("config")
        function = str(config.get("function")) if isinstance(config, dict) else "?"
        try:
            result = operation_item(function, name, calls)
        except UnknownOperationError as error:
            detail = str(error) if str(error) != function else ""
            self._notes.met(ObstacleKind.OPERATION, where, f"tf.{function}{f' ({detail})' if detail else ''}")
            return {}
        self._notes.rewrote("Operations of TensorFlow were replaced by those of Keras 3", f"tf.{function}")
        return result

    def _operation(self, item: Mapping[str, Any], path: str) -> dict[str, Any]:
        config = item.get("config")
        arguments = config if isinstance(config, dict) else {}
        return {
            "module": known.OPERATIONS[item["class_name"]],
            "class_name": item["class_name"],
            "config": {
                key: readable_value(key, value, path=path, notes=self._notes, nested=self.item)
                for key, value in arguments.items()
            },
            "registered_name": None,
        }

    def _without_slashes(self, names: list[str | None], path: str) -> list[str | None]:
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
                self._notes.rewrote("In names of layers, / was replaced by _", f"{path}/{name}" if path else name)
            result.append(new)
        return result

    def _counted_from_one(self, models: Mapping[str, str], config: Mapping[str, Any], path: str) -> list[str]:
        """Return the nested models whose calls are counted from 1, as Keras 2 does."""
        if not self._notes.old or not models:
            return []
        lowest: dict[str, int] = {}
        _lowest_nodes([layer.get("inbound_nodes") for layer in config["layers"] if isinstance(layer, dict)], lowest)
        _lowest_nodes([config["input_layers"], config["output_layers"]], lowest)
        counted = [name for name in models if lowest.get(name, 0) >= 1]
        for name in counted:
            self._notes.rewrote(
                "The calls of nested models were numbered from 0, as in Keras 3", f"{path}/{name}" if path else name
            )
        return counted

    def _ends(self, value: Any, names: Names, models: Mapping[str, str], *, unwrap: bool) -> Any:
        """Return a model's inputs or outputs; Keras 2 writes a single one as a list of one."""
        if names.is_tensor(value):
            # For a functional model, and for that alone, Keras 3 counts from 1 here
            return names.history(value, keep_index=models.get(value[0], "Sequential") != "Sequential")
        if isinstance(value, dict):
            return {key: self._ends(item, names, models, unwrap=False) for key, item in value.items()}
        if not isinstance(value, list):
            return value
        if unwrap and len(value) == 1:
            return self._ends(value[0], names, models, unwrap=False)
        return [self._ends(item, names, models, unwrap=False) for item in value]


def _built_with(item: Mapping[str, Any]) -> list[int | None] | None:
    """Return the input's shape with which a Sequential model was built that has no input layer."""
    build = item.get("build_config")
    shape = build.get("input_shape") if isinstance(build, dict) else None
    plain = isinstance(shape, list) and all(axis is None or isinstance(axis, int) for axis in shape)
    return shape if plain else None


def _lowest_nodes(value: Any, lowest: dict[str, int]) -> None:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return
    if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
        lowest[value[0]] = min(lowest.get(value[0], value[1]), value[1])
    for item in value:
        _lowest_nodes(item, lowest)


def _is_operation(item: Mapping[str, Any]) -> bool:
    """Return whether an entry is an operation; `Add` is one and a layer, which has more in its configuration."""
    if item["class_name"] not in known.OPERATIONS:
        return False
    module, config = item.get("module"), item.get("config")
    if isinstance(module, str):
        return module.startswith(("keras.src.ops", "keras.ops"))
    return isinstance(config, dict) and "trainable" not in config and "dtype" not in config


def _input_layer(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the input layer of a Sequential model whose first layer says the input's shape, as in Keras 2.0 to 2.2."""
    config = item.get("config")
    if not isinstance(config, dict) or item.get("class_name") == "InputLayer":
        return None
    shape = config.get("batch_input_shape")
    if shape is None:
        return None
    name = f"{str(config.get('name', 'first')).replace('/', '_')}_input"
    dtype = config.get("dtype") if isinstance(config.get("dtype"), str) else None
    return {"class_name": "InputLayer", "config": {"batch_shape": shape, "dtype": dtype, "name": name}}


def _name_of(item: Mapping[str, Any], *, prefer_outer: bool = False) -> str | None:
    config = item.get("config")
    inner = config.get("name") if isinstance(config, dict) else None
    names = (item.get("name"), inner) if prefer_outer else (inner, item.get("name"))
    return next((name for name in names if isinstance(name, str)), None)


def _plain_name(config: Mapping[str, Any]) -> str:
    name = config.get("name")
    return name.replace("/", "_") if isinstance(name, str) and name else "model"


def _custom_name(item: Mapping[str, Any]) -> str:
    registered, module = item.get("registered_name"), item.get("module")
    if isinstance(registered, str) and ">" in registered:
        return registered
    return f"{module}.{item['class_name']}" if isinstance(module, str) else str(item["class_name"])
