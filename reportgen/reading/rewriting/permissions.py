"""What the user allows beyond Keras' own: code that a file brings along, and classes of modules that the user names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reportgen.reading.rewriting import keras_names

# Under these beginnings the objects are handed to Keras; no file can name one of them
_CUSTOM, _MARSHALLED = "reportgen-custom", "reportgen-marshalled"


@dataclass(frozen=True)
class Permitted:
    """What may run.

    Attributes:
        code: whether Lambda layers and marshalled functions of the file may.
        names: the user's classes and functions that may, by their registered and their plain names.
    """

    code: bool = False
    names: frozenset[str] = frozenset()

    def name_of(self, item: Mapping[str, Any]) -> str | None:
        """Return under which name the user gave the class of a configuration, None where it was not given.

        A class that says that it is Keras' own never is the user's.
        """
        module = item.get("module")
        if not self.names or (module is not None and keras_names.is_from_keras(module)):
            return None
        for key in ("registered_name", "class_name"):
            name = item.get(key)
            if isinstance(name, str):
                found = self.find(name)
                if found is not None:
                    return found
        return None

    def find(self, name: str) -> str | None:
        """Return under which name the user gave an object: 'mine>Scale', or 'Scale' alone."""
        return next((candidate for candidate in (name, name.rsplit(">", 1)[-1]) if candidate in self.names), None)


@dataclass(frozen=True)
class Marshalled:
    """A function as Keras writes it into a configuration: Python's byte code, and what belongs to it.

    Attributes:
        path: the layer's path.
        code: the byte code in base64.
        defaults: its arguments' defaults.
        closure: values that it refers to.
    """

    path: str
    code: str
    defaults: tuple[Any, ...] | None
    closure: tuple[Any, ...] | None


def custom_key(name: str) -> str:
    """Return what Keras is told that the user's object of that name is called."""
    return f"{_CUSTOM}>{name}"


def marshalled_key(number: int) -> str:
    """Return what Keras is told that the file's function of that number is called."""
    return f"{_MARSHALLED}>{number}"


def function_item(key: str) -> dict[str, Any]:
    """Return a function in the only form in which Keras looks for others than its own."""
    return {"class_name": "function", "config": key, "module": "builtins", "registered_name": key}


def marshalled(value: Any, path: str) -> Marshalled | None:
    """Return the function that a part of a configuration holds, as Keras 2 or 3 wrote it; None where it is none."""
    if isinstance(value, Mapping) and value.get("class_name") == "__lambda__":
        value = value.get("config")
    if isinstance(value, Mapping):
        value = [value.get("code"), value.get("defaults"), value.get("closure")]
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[0], str):
        return None
    defaults, closure = (tuple(part) if isinstance(part, list) else None for part in value[1:])
    return Marshalled(path=path, code=value[0], defaults=defaults, closure=closure)
