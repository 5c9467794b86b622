"""What the user allows beyond Keras' own: code that a file brings along, and classes of modules that the user names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from reportgen.errors import UsageError
from reportgen.messages import first_of
from reportgen.reading.rewriting import keras_names
from reportgen.untrusted.escaping import shown

_NAMED = 4
# Under these beginnings the objects are handed to Keras; no file can name one of them
_CUSTOM, _MARSHALLED = "reportgen-custom", "reportgen-marshalled"


@dataclass(frozen=True)
class Permitted:
    """What may run.

    Attributes:
        code: whether Lambda layers and marshalled functions of the file may.
        names: the user's classes and functions that may, by their registered and their plain names.
        activations: Keras' activations in place of others, by the name of the latter, or by the path of a layer.
        asked: names of the activations of a file that are not Keras', and paths of their layers, as far as they were met.
    """

    code: bool = False
    names: frozenset[str] = frozenset()
    activations: Mapping[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set, compare=False)

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

    def activation_instead(self, name: str, path: str) -> str | None:
        """Return the activation in place of one that is not Keras', None where none was given.

        Args:
            name: what the file calls it, such as '<lambda>'.
            path: the path of its layer.
        """
        if self.activations:
            self.asked.update((name, path))
        return self.activations.get(path, self.activations.get(name))

    def check_activations(self, name: str) -> None:
        """Raise UsageError where an activation was given in place of one that the file does not have.

        Args:
            name: the file's name, for the message.
        """
        unmet = [one for one in self.activations if one not in self.asked]
        if not unmet:
            return
        known = sorted(self.asked)
        near = get_close_matches(unmet[0], known, 1)
        listed = first_of(map(shown, known), _NAMED) if known else "none"
        hint = f" Did you mean {shown(near[0])!r}?" if near else f" There are: {listed}."
        raise UsageError(
            f"--activation must name an activation in {name} that is not Keras', or its layer. Received: "
            f"'{shown(unmet[0])}={self.activations[unmet[0]]}', which nothing has.{hint}"
        )

    def find(self, name: str) -> str | None:
        """Return under which name the user gave an object: 'mine>Scale', or 'Scale' alone."""
        return next((candidate for candidate in (name, name.rsplit(">", 1)[-1]) if candidate in self.names), None)


def activations_instead(given: Iterable[str]) -> dict[str, str]:
    """Return the activations that `--activation` names, by what they stand for: {'<lambda>': 'relu'} of '<lambda>=relu'.

    Raises:
        UsageError: one of them is not part of Keras.
    """
    instead: dict[str, str] = {}
    for one in given:
        name, _, activation = one.rpartition("=")
        if activation not in keras_names.ACTIVATIONS:
            near = get_close_matches(activation, sorted(keras_names.ACTIVATIONS), 1)
            raise UsageError(
                f"--activation must name an activation of Keras. Received: {shown(activation)}. "
                f"{f'Did you mean {near[0]}?' if near else 'Such as relu, elu, tanh or swish.'}"
            )
        instead[name] = activation
    return instead


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
