"""The calls in a functional model's configuration: from the lists of Keras 2 to the arguments of Keras 3.

Keras 2 writes for each call of a layer the tensors in its first argument, each as `[layer, node, tensor, keywords]`;
further tensors stand among the keywords as `[layer, node, tensor]`. A call of an operation has one such list, not a
list of them.
Source: `functional.py` and `node.py` in keras/src/engine of Keras 2.15.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

CONSTANT = "_CONSTANT_VALUE"


@dataclass(frozen=True)
class Call:
    """One call of a layer in a functional model, with tensors as Keras 3 writes them.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


class Names:
    """How the layers of one functional model are called in it, in the file and after rewriting.

    Args:
        names: the name afterwards by the name in the file.
        lowered: the nested models, by their names in the file, whose nodes Keras 2 counts from 1.
    """

    def __init__(self, names: Mapping[str, str], lowered: Collection[str]) -> None:
        self._names = names
        self._lowered = frozenset(lowered)

    def is_tensor(self, value: Any) -> bool:
        """Return whether a value is a tensor as Keras 2 writes it: [layer, node, tensor] or with keywords after it."""
        return (
            isinstance(value, list)
            and len(value) in (3, 4)
            and isinstance(value[0], str)
            and (value[0] in self._names or value[0] == CONSTANT)
            and isinstance(value[1], int)
            and (value[0] == CONSTANT or isinstance(value[2], int))
        )

    def history(self, value: list[Any], *, keep_index: bool = False) -> list[Any]:
        """Return [layer, node, tensor] with the name and the number that it has afterwards."""
        name, node, tensor = value[:3]
        lower = name in self._lowered and not keep_index
        return [self._names.get(name, name), node - 1 if lower else node, tensor]

    def tensor(self, value: list[Any]) -> Any:
        """Return a tensor as Keras 3 writes it in a call; a constant as itself."""
        if value[0] == CONSTANT:
            return value[2]
        # Shape and type are not used: Keras looks the tensor up by its history
        config = {"shape": [], "dtype": "float32", "keras_history": self.history(value)}
        return {"class_name": "__keras_tensor__", "config": config}

    def replaced(self, value: Any) -> Any:
        """Return a value with every tensor of Keras 2 in it written anew."""
        if self.is_tensor(value):
            return self.tensor(value)
        if isinstance(value, list):
            return [self.replaced(item) for item in value]
        if isinstance(value, dict):
            return {key: self.replaced(item) for key, item in value.items()}
        return value

    def renamed(self, value: Any) -> Any:
        """Return a call's argument as Keras 3 wrote it, with the names of its tensors replaced."""
        if isinstance(value, list):
            return [self.renamed(item) for item in value]
        if not isinstance(value, dict):
            return value
        history = value.get("keras_history")
        if isinstance(history, list) and history and isinstance(history[0], str):
            return {**value, "keras_history": [self._names.get(history[0], history[0]), *history[1:]]}
        return {key: self.renamed(item) for key, item in value.items()}


def calls_of(nodes: Any, names: Names) -> list[Call]:
    """Return the calls of one layer.

    Args:
        nodes: the layer's `inbound_nodes`, in the form of Keras 2 or of Keras 3.
        names: what the model's layers are called.

    Raises:
        ValueError: they have neither form.
    """
    if not isinstance(nodes, list):
        raise ValueError(f"inbound_nodes is {type(nodes).__name__}")
    return [_call(node, names) for node in nodes if node]


def _call(node: Any, names: Names) -> Call:
    if isinstance(node, dict) and isinstance(node.get("args"), list) and isinstance(node.get("kwargs"), dict):
        return Call(args=tuple(names.renamed(node["args"])), kwargs=names.renamed(node["kwargs"]))
    if names.is_tensor(node):
        return Call(args=(names.tensor(node),), kwargs=_keywords(node, names))
    if isinstance(node, dict):  # a layer called with a dictionary
        entries = list(_entries(node, names))
        return Call(args=(names.replaced(node),), kwargs=_keywords(entries[0], names) if entries else {})
    if isinstance(node, list):
        entries = list(_entries(node, names))
        if not entries:
            raise ValueError("a call without a tensor")
        first = names.tensor(node[0]) if len(node) == 1 and names.is_tensor(node[0]) else names.replaced(node)
        return Call(args=(first,), kwargs=_keywords(entries[0], names))
    raise ValueError(f"a call is {type(node).__name__}")


def _entries(value: Any, names: Names) -> Iterator[list[Any]]:
    if names.is_tensor(value):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _entries(item, names)


def _keywords(entry: list[Any], names: Names) -> dict[str, Any]:
    keywords = entry[3] if len(entry) == 4 and isinstance(entry[3], dict) else {}
    # None is every argument's default; `name` names the operation in TensorFlow's graph
    return {key: names.replaced(item) for key, item in keywords.items() if item is not None and key != "name"}
