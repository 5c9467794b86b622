"""What a redacted report keeps of a result, marked on the result's own fields; what is not marked is left out with its section.

    @redactable
    @dataclass(frozen=True)
    class Region:
        name: Kept[str]
        channels: int
        picture: Annotated[ImageGrid | None, Becomes(None)]

The name stays, as it is marked; the number stays, as the class is; the picture gives way to None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

Value = TypeVar("Value")
Kind = TypeVar("Kind", bound=type)


@dataclass(frozen=True)
class _Stays:
    sorts: bool = False


@dataclass(frozen=True)
class Becomes:
    """Marks a field that tells too much: `Annotated[str, Becomes("")]`.

    Attributes:
        instead: the value that replaces the field's, or a function that makes it from the field's.
    """

    instead: Any

    def __call__(self, value: Any) -> Any:
        """Return what replaces this value."""
        return self.instead(value) if callable(self.instead) else self.instead


Kept = Annotated[Value, _Stays()]
"""Marks a field that stays: a text such as a layer's name, a class by its number or a sentence; a number of a single sample."""

SortedBy = Annotated[Value, _Stays(sorts=True)]
"""Marks a field that stays and puts several results in its order, as the order of a selection would tell the samples' classes."""


@dataclass(frozen=True)
class Marks:
    """What a redacted report keeps of a class of results.

    Attributes:
        numbers: whether fields without a mark stay where they hold numbers or what is made of them.
        kept: names of the fields that are marked to stay.
        becomes: what replaces the other marked fields, by their names.
        sorted_by: the name of the field in whose order several stand; None where they keep their own order.
    """

    numbers: bool
    kept: frozenset[str]
    becomes: dict[str, Becomes]
    sorted_by: str | None


_NUMBERS: dict[object, bool] = {}  # whether numbers stay without a mark, by class; a subclass is not its parent


def redactable(kind: Kind) -> Kind:
    """Mark a class of results whose numbers stay in a redacted report; its texts must be marked one by one."""
    _NUMBERS[kind] = True
    return kind


def redactable_sample(kind: Kind) -> Kind:
    """Mark a class of results about a single sample, whose number may be its class: all fields must be marked one by one."""
    _NUMBERS[kind] = False
    return kind


@cache
def marks(kind: object) -> Marks | None:
    """Return the marks of a class of results, or None for a class that is not marked."""
    if kind not in _NUMBERS or not is_dataclass(kind):
        return None
    hints = get_type_hints(kind, include_extras=True)
    named = {field.name: _mark(hints[field.name]) for field in fields(kind)}
    return Marks(
        numbers=_NUMBERS[kind],
        kept=frozenset(name for name, mark in named.items() if isinstance(mark, _Stays)),
        becomes={name: mark for name, mark in named.items() if isinstance(mark, Becomes)},
        sorted_by=next((name for name, mark in named.items() if mark == _Stays(sorts=True)), None),
    )


def _mark(hint: Any) -> _Stays | Becomes | None:
    given = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((one for one in given if isinstance(one, _Stays | Becomes)), None)
