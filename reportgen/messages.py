"""Texts that the page shows, kept so that they can be said in another language. Standard library only.

A `Message` is its English text, so that code, JSON and tests treat it as one; it also remembers the template and the values
that it was made of, from which `rendering/language.py` makes the text of a page's language. Templates are found by
`make messages`, which reads the first argument of `say` and the last two of `counted`: they must be literals.
"""

from __future__ import annotations

import numbers
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

MINUS = "\N{MINUS SIGN}"
"""What stands before a negative number, on the page as in the JSON; a hyphen would be half as wide."""

_CATALOGUES = resources.files("reportgen") / "rendering" / "languages"
LANGUAGES = (
    "en",
    *sorted(file.name.removesuffix(".po") for file in _CATALOGUES.iterdir() if file.name.endswith(".po")),
)
"""Codes of the page's languages, such as 'ko' or 'pt_BR': English, and each that has a catalogue."""


class Message(str):
    """An English text that knows how it was made.

    Attributes:
        template: the English template, with named fields in braces; for `counted` its singular.
        plural: the template for other numbers than one; '' where there is no number.
        values: the fields' values, by name; messages among them are translated too.
    """

    template: str
    plural: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, template: str, plural: str = "", values: Mapping[str, Any] | None = None) -> Message:
        """Return a message of this English text."""
        message = super().__new__(cls, text)
        message.template, message.plural, message.values = template, plural, values or {}
        return message

    @property
    def form(self) -> str:
        """The template that the English text was made of: that for one thing, or for another number of them."""
        return _form(self.template, self.plural, self.values)

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Return what copies and pickles are made of."""
        return str(self), self.template, self.plural, self.values


class Filled(string.Formatter):
    """Fills templates, and lets every value be changed on its way.

    Whole numbers without a format get commas, as '1,024', negative ones a minus sign.

    Args:
        said: what becomes of a text among the values, such as a message that must be translated.
        digits: what becomes of a formatted number.
    """

    def __init__(self, said: Callable[[str], str] = str, digits: Callable[[str], str] = str) -> None:
        self._said, self._digits = said, digits

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one value as text."""
        if isinstance(value, str):
            return str(super().format_field(self._said(value), format_spec))
        grouped = format_spec or ("," if isinstance(value, numbers.Integral) and not isinstance(value, bool) else "")
        text = str(super().format_field(value, grouped))
        return self._digits(text.replace("-", MINUS) if isinstance(value, numbers.Number) else text)

    def fill(self, template: str, values: Mapping[str, Any]) -> str:
        """Return the template with its fields filled."""
        return self.vformat(template, (), values)


_ENGLISH = Filled()


def say(template: str, /, **values: Any) -> Message:
    """Return a message: the template with its fields filled.

    Args:
        template: English, a literal; fields are named and may have a format, as in '{share:.1%}'. A brace itself is doubled.
        values: the fields' values.
    """
    return _filled(template, "", values)


def counted(n: int, singular: str, plural: str, /, **values: Any) -> Message:
    """Return a message about a number of things, its field {n} filled with the number: '1 layer', '1,024 layers'.

    Args:
        n: the number.
        singular, plural: English templates, literals.
        values: the values of further fields.
    """
    values["n"] = n
    return _filled(singular, plural, values)


def joined(texts: Iterable[str], separator: str = ", ") -> Message:
    """Return texts one after the other; messages among them are translated, each by itself."""
    values = {f"text{position}": text for position, text in enumerate(texts)}
    template = separator.join(f"{{{name}}}" for name in values)
    return _filled(template, "", values)


def listed(words: Sequence[str]) -> str:
    """Return words with commas between them and 'and' before the last. For the terminal, which is English.

    Example:
        >>> listed(["--labels", "--scale", "--resize"])
        '--labels, --scale and --resize'
    """
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def first_of(texts: Iterable[str], most: int, *, separator: str = ", ") -> Message:
    """Return the first texts, with a separator between them, and how many more there are: 'a, b and 3 more'."""
    every = tuple(texts)
    shown, more = joined(every[:most], separator), len(every) - most
    return shown if more <= 0 else say("{names} and {more} more", names=shown, more=more)


def without_names(message: Message, instead: str) -> Message:
    """Return a message with the texts that it was filled with, such as names, replaced; messages among them keep their words.

    Args:
        message: a message whose template is a literal, so that its own words name nothing.
        instead: what stands in place of every other text.
    """
    values = {
        name: without_names(value, instead)
        if isinstance(value, Message)
        else instead
        if isinstance(value, str) and value
        else value
        for name, value in message.values.items()
    }
    return _filled(message.template, message.plural, values)


def _filled(template: str, plural: str, values: Mapping[str, Any]) -> Message:
    return Message(_ENGLISH.fill(_form(template, plural, values), values), template, plural, values)


def _form(template: str, plural: str, values: Mapping[str, Any]) -> str:
    return plural if plural and values["n"] != 1 else template
