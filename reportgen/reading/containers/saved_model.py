"""What Keras 2 wrote about its layers into a SavedModel folder; the program in it is not looked at.

TensorFlow 2.5 to 2.15 keep it in keras_metadata.pb, TensorFlow 2.2 to 2.4 in saved_model.pb itself, for each object of
the graph as JSON. Keras 3 writes none of it.
Sources: keras/protobuf/saved_metadata.proto of Keras 2.15; tensorflow/core/protobuf/saved_object_graph.proto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reportgen.errors import ModelError
from reportgen.messages import say
from reportgen.reading.containers.checkpoint import checkpoint_members, has_index, open_checkpoint
from reportgen.reading.containers.config_json import parse_config
from reportgen.reading.containers.formats import (
    Contents,
    Match,
    ModelFile,
    ModelFormat,
    SavedArchitecture,
    shown_version,
)
from reportgen.reading.containers.layer_entries import layer_entry
from reportgen.reading.containers.protobuf import WireError, fields, messages, text
from reportgen.untrusted import limits
from reportgen.untrusted.escaping import shown

PROGRAM, METADATA = "saved_model.pb", "keras_metadata.pb"
VARIABLES = "variables/variables"
_LARGEST_PROGRAM = 256 << 20
_KERAS = tuple(f"_tf_keras_{kind}" for kind in ("layer", "input_layer", "rnn_layer", "model", "network", "sequential"))
# Numbers of fields: SavedModel.meta_graphs, MetaGraphDef.object_graph_def, SavedObjectGraph.nodes
_META_GRAPHS, _OBJECT_GRAPH, _NODES = 2, 7, 1


class SavedModel(ModelFormat):
    """A SavedModel folder: TensorFlow's program, its variables in a checkpoint, and what Keras 2 wrote about the layers."""

    label = say("TensorFlow SavedModel folder")
    stands_alone = True
    has_program = True

    def match(self, path: Path, head: bytes) -> Match | None:
        """Return a folder with a saved_model.pb, and its files that are read."""
        program, metadata, variables = path / PROGRAM, path / METADATA, path / VARIABLES
        if not program.exists():
            return None
        values = checkpoint_members(variables) if has_index(variables) else ()
        return path, (program, *((metadata,) if metadata.exists() else ()), *values)

    @contextmanager
    def open(self, file: ModelFile, *, memory_limit: int, verify: bool = False) -> Iterator[Contents]:
        """Yield the architecture, as far as Keras 2 wrote it, and the variables; the program is not looked at."""
        name, variables = shown(file.name), file.path / VARIABLES
        saved = read_architecture(file.path, name=name)
        arrays = open_checkpoint(variables, name=name, memory_limit=memory_limit) if has_index(variables) else None
        yield Contents(saved.config, saved.keras_version, arrays, saved)


def read_architecture(folder: Path, *, name: str) -> SavedArchitecture:
    """Return the architecture in a SavedModel folder.

    Args:
        folder: the folder with saved_model.pb, and keras_metadata.pb where TensorFlow 2.5 to 2.15 wrote it.
        name: the folder's name, for errors.

    Raises:
        ModelError: a file is damaged or over a limit.
    """
    separate = folder / METADATA
    path = separate if separate.is_file() else folder / PROGRAM
    try:
        content = read_program(path)
        found = dict(_from_metadata(content) if path == separate else _from_program(content))
        parsed = {
            place: _without_tuples(parse_config(value, what=f"{name}: {path.name}")) for place, value in found.items()
        }
    except WireError as error:
        raise ModelError(f"{name} has a damaged {path.name}. Received: {error}. Copy or download it again.") from error
    return _architecture({place: value for place, value in parsed.items() if isinstance(value, dict)})


def read_program(path: Path) -> bytes:
    """Return the bytes of a SavedModel's file.

    Raises:
        WireError: it is longer than any such file.
    """
    with path.open("rb") as file:
        content = file.read(_LARGEST_PROGRAM + 1)
    if len(content) > _LARGEST_PROGRAM:
        raise WireError(f"more than {limits.readable(_LARGEST_PROGRAM)}")
    return content


def _from_metadata(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield place in the graph, such as 'root.layer-1', and JSON of every layer and model."""
    total = 0
    for node in messages(content, _NODES):
        if text(node, 4).startswith(_KERAS):
            metadata = b"".join(bytes(part) for part in messages(node, 5))
            total += len(metadata)
            yield text(node, 3), _checked(metadata, total)


def _from_program(content: bytes) -> Iterator[tuple[str, bytes]]:
    nodes: list[memoryview] = []
    for graph in messages(content, _META_GRAPHS):
        for objects in messages(graph, _OBJECT_GRAPH):
            nodes.extend(messages(objects, _NODES))
    places, queue, total = {0: "root"}, [0], 0
    for number in queue:  # grows while it is walked through: the nearest place of each object comes first
        for number_of_field, value in fields(nodes[number]) if number < len(nodes) else ():
            if isinstance(value, int):
                continue
            if number_of_field == 1:
                child = next((item for at, item in fields(value) if at == 1 and isinstance(item, int)), 0)
                if child not in places and len(places) < limits.HDF5_OBJECTS:
                    places[child] = f"{places[number]}.{text(value, 2)}"[:10_000]
                    queue.append(child)
            elif number_of_field == 4 and text(value, 1).startswith(_KERAS):
                metadata = text(value, 3).encode()
                total += len(metadata)
                if metadata:
                    yield places[number], _checked(metadata, total)


def _without_tuples(value: Any) -> Any:
    """Return a configuration with tuples and shapes as lists, which is what they are in an .h5 file."""
    if isinstance(value, list):
        return [_without_tuples(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
        return _without_tuples(value["items"])
    return {key: _without_tuples(item) for key, item in value.items()}


def _checked(metadata: bytes, total: int) -> bytes:
    # A model's own entry repeats those of its layers, and so on for every model within it
    if total > 4 * limits.CONFIG_BYTES:
        raise WireError("too much about its layers")
    return metadata


def _architecture(found: Mapping[str, dict[str, Any]]) -> SavedArchitecture:
    root = found.get("root", {})
    class_name, config = root.get("class_name"), root.get("config")
    whole = isinstance(class_name, str) and isinstance(config, dict) and isinstance(config.get("layers"), list)
    names: dict[str, str] = {}
    layers = []
    for place, item in found.items():
        parts = place.split(".")[1:]
        label = item.get("name")
        if not parts or not isinstance(label, str):
            continue
        around = next((names[key] for key in _prefixes(parts) if key in names), None)
        path = f"{around}/{label}" if around else label
        names["/".join(parts)] = path
        if isinstance(item.get("class_name"), str):
            layers.append(layer_entry(item, path))
    order = {layer.path: index for index, layer in enumerate(layers)}
    layers.sort(key=lambda layer: [order.get(path, -1) for path in _with_those_around(layer.path)])
    version, label = root.get("keras_version"), root.get("name")
    return SavedArchitecture(
        config={"class_name": class_name, "config": config} if whole else None,
        keras_version=shown_version(version),
        kind=class_name if isinstance(class_name, str) else None,
        name=label if isinstance(label, str) else None,
        layers=tuple(layers),
        names=names,
    )


def _with_those_around(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _prefixes(parts: list[str]) -> Iterator[str]:
    for length in range(len(parts) - 1, 0, -1):
        yield "/".join(parts[:length])
