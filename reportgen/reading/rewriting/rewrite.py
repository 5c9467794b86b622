"""A model's configuration, as any Keras wrote it, made readable for Keras 3, and of nothing but what Keras has.

Every change is noted, and so is everything that stands against running the model: code that the file brings along,
classes that are not Keras' own, layers and operations that are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.messages import say
from reportgen.reading.containers import name_of
from reportgen.reading.rewriting import keras_names
from reportgen.reading.rewriting.graph import readable_graph, without_slashes
from reportgen.reading.rewriting.layers import readable_layer
from reportgen.reading.rewriting.obstacles import Notes, Obstacle, ObstacleKind
from reportgen.reading.rewriting.permissions import Marshalled, Permitted
from reportgen.reading.rewriting.shared_layers import SharedLayer, unshare
from reportgen.reading.rewriting.values import custom_item, lambda_item, readable_value
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

NOTHING = Permitted()
SEQUENTIAL = {"module": "keras", "class_name": "Sequential", "registered_name": None}
FUNCTIONAL = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}


@dataclass(frozen=True)
class Readable:
    """A configuration after rewriting.

    Attributes:
        config: the configuration for Keras 3; incomplete where there are obstacles.
        rewrites: what was changed, one sentence each.
        obstacles: what stands against running it.
        custom_code: what will run that is not Keras' own, one sentence each.
        functions: the file's functions that will run, by the key under which Keras finds them.
        shared: layers of several models, which the configuration has once for each.
    """

    config: dict[str, Any]
    rewrites: tuple[str, ...]
    obstacles: tuple[Obstacle, ...]
    custom_code: tuple[str, ...]
    functions: Mapping[str, Marshalled]
    shared: tuple[SharedLayer, ...] = ()


def is_old(keras_version: str | None) -> bool:
    """Return whether a file was saved by Keras 1 or 2; those of Keras 1 may say nothing."""
    return keras_version is None or keras_version.split(".")[0] in ("0", "1", "2")


def make_readable(config: Mapping[str, Any], *, keras_version: str | None, permitted: Permitted = NOTHING) -> Readable:
    """Return a model's configuration for Keras 3.

    Args:
        config: the model's entry as stored, with `class_name` and `config`.
        keras_version: the version that saved it, where the file says so.
        permitted: what may run beyond Keras' own.
    """
    notes = Notes(old=is_old(keras_version), permitted=permitted)
    module = config.get("module")
    if notes.old and isinstance(module, str) and module.startswith("keras.src.engine"):
        notes.rewrote(
            say("The module paths of Keras {version} were replaced by those of Keras 3", version=str(keras_version))
        )
    rewriter = _Rewriter(notes)
    readable = rewriter.item(config, "", name_path=False)
    shared = () if notes.old or notes.obstacles else unshare(readable, notes)
    return Readable(
        config=readable,
        rewrites=notes.sentences(),
        obstacles=tuple(notes.obstacles),
        custom_code=tuple(notes.used),
        functions=notes.functions,
        shared=shared,
    )


class _Rewriter:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def item(self, item: Mapping[str, Any], path: str, *, name_path: bool = True) -> dict[str, Any]:
        """Return one entry of `layers`: a layer, a nested model or an operation; without its calls."""
        name = name_of(item)
        if name_path and name is not None:
            path = f"{path}/{name}" if path else name
        class_name, module = item.get("class_name"), item.get("module")
        if not isinstance(class_name, str):
            self._notes.met(ObstacleKind.LAYOUT, path, say("a layer without a class"))
            return {}
        given = self._notes.permitted.name_of(item)
        if given is not None:
            return custom_item(item, given, path=path, notes=self._notes, nested=self.item)
        if keras_names.is_of_the_toolkit(item):
            return self._without_wrapper(item, path)
        if keras_names.is_clustered(item):
            self._notes.met(ObstacleKind.CLUSTERED, path, class_name)
        elif class_name in keras_names.PROGRAM_LAYERS:
            self._notes.met(ObstacleKind.FOREIGN, path, class_name)
        elif class_name == "Lambda" and keras_names.is_from_keras(module):
            return lambda_item(item, path=path, notes=self._notes, nested=self.item)
        elif class_name in keras_names.REMOVED_LAYERS and keras_names.is_from_keras(module):
            self._notes.met(ObstacleKind.REMOVED, path, class_name)
        elif keras_names.is_application_layer(item):
            plain = {**item, "class_name": class_name.rsplit(">", 1)[-1]}
            return readable_layer(plain, path=path, notes=self._notes, nested=self.item)
        elif not keras_names.is_from_keras(module) or ">" in class_name or ">" in str(item.get("registered_name")):
            self._notes.met(ObstacleKind.CUSTOM, path, _custom_name(item))
        elif class_name in keras_names.MODELS:
            return self._model(item, path)
        elif _is_operation(item):
            return self._operation(item, path)
        elif class_name in keras_names.LAYERS or class_name in keras_names.ALIASES:
            return readable_layer(item, path=path, notes=self._notes, nested=self.item)
        else:
            self._notes.met(ObstacleKind.CUSTOM, path, _custom_name(item))
        return {}

    def _without_wrapper(self, item: Mapping[str, Any], path: str) -> dict[str, Any]:
        """Return the layer in a wrapper of the Model Optimization Toolkit under the wrapper's name."""
        config = item.get("config")
        inner = config.get("layer") if isinstance(config, dict) else None
        if item["class_name"] in keras_names.PRUNING_WRAPPERS:
            self._notes.rewrote(say("The pruning wrapper was removed"), path)
        else:
            self._notes.rewrote(say("Quantisation-aware rounding was left out, so outputs differ slightly"), path)
        if item["class_name"] == keras_names.ROUNDED_INPUT:
            inner = {"class_name": "Activation", "config": {"activation": "linear"}}
        if not isinstance(inner, dict) or not isinstance(inner.get("config"), dict):
            self._notes.met(ObstacleKind.LAYOUT, path, say("a wrapper without a layer"))
            return {}
        return self.item({**inner, "config": {**inner["config"], "name": name_of(item)}}, path, name_path=False)

    def _model(self, item: Mapping[str, Any], path: str) -> dict[str, Any]:
        config = item.get("config")
        if isinstance(config, list):
            self._notes.rewrote(say("The Sequential model's list of layers was wrapped in a configuration"), path)
            config = {"name": item.get("name") or "sequential", "layers": config}
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
            self._notes.met(ObstacleKind.CUSTOM, path, say("a subclassed {kind}", kind=shown(str(item["class_name"]))))
            return {}
        if item["class_name"] == "Sequential":
            sequential = self._sequential(config, path)
            shape = _built_with(item)
            if shape is not None:
                sequential.setdefault("build_input_shape", shape)
            result: dict[str, Any] = {**SEQUENTIAL, "config": sequential}
        elif "input_layers" in config and "output_layers" in config:
            graph = readable_graph(config, path=path, notes=self._notes, nested=self.item)
            result = {**FUNCTIONAL, "config": {"name": _plain_name(config), **graph}}
            if isinstance(config.get("trainable"), bool):
                result["config"]["trainable"] = config["trainable"]
        else:
            self._notes.met(ObstacleKind.LAYOUT, path, say("a functional model without inputs and outputs"))
            return {}
        if isinstance(item.get("shared_object_id"), int):
            result["shared_object_id"] = item["shared_object_id"]
        return result

    def _sequential(self, config: Mapping[str, Any], path: str) -> dict[str, Any]:
        items = [layer for layer in config["layers"] if isinstance(layer, dict)]
        layers = [self.item(layer, path) for layer in items]
        names = without_slashes([name_of(layer) for layer in items], path=path, notes=self._notes)
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

    def _operation(self, item: Mapping[str, Any], path: str) -> dict[str, Any]:
        config = item.get("config")
        arguments = config if isinstance(config, dict) else {}
        return {
            "module": keras_names.OPERATIONS[item["class_name"]],
            "class_name": item["class_name"],
            "config": {
                key: readable_value(key, value, path=path, notes=self._notes, nested=self.item)
                for key, value in arguments.items()
            },
            "registered_name": None,
        }


def _built_with(item: Mapping[str, Any]) -> list[int | None] | None:
    """Return the input's shape with which a Sequential model was built that has no input layer."""
    build = item.get("build_config")
    shape = build.get("input_shape") if isinstance(build, dict) else None
    plain = isinstance(shape, list) and all(axis is None or isinstance(axis, int) for axis in shape)
    return shape if plain else None


def _is_operation(item: Mapping[str, Any]) -> bool:
    """Return whether an entry is an operation; `Add` is one and a layer, which has more in its configuration."""
    if item["class_name"] not in keras_names.OPERATIONS:
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


def _plain_name(config: Mapping[str, Any]) -> str:
    name = config.get("name")
    return name.replace("/", "_") if isinstance(name, str) and name else "model"


def _custom_name(item: Mapping[str, Any]) -> str:
    registered, module = item.get("registered_name"), item.get("module")
    if isinstance(registered, str) and ">" in registered:
        return registered
    return f"{module}.{item['class_name']}" if isinstance(module, str) else str(item["class_name"])
