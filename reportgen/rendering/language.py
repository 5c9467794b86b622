"""The language of a page: its catalogue of messages, and how it writes numbers, shapes and names."""

from __future__ import annotations

import gettext
import io
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol
from markupsafe import Markup

from reportgen.messages import LANGUAGES, MINUS, Filled, Message, say
from reportgen.untrusted.escaping import escaped, shown

SOURCE_LANGUAGE = "en"
_NONE = "\N{EN DASH}"
_COLUMN = 7
_NAME_END = 30  # characters, since long names differ at their ends
_NO_NAME = say("(no name)")


@lru_cache
def open_language(code: str) -> Language:
    """Return a language of the page.

    Args:
        code: one of `LANGUAGES`.

    Raises:
        KeyError: there is no such language.
    """
    if code not in LANGUAGES:
        raise KeyError(code)
    if code == SOURCE_LANGUAGE:
        return Language(code, gettext.NullTranslations())
    catalogue = resources.files("reportgen.rendering") / "languages" / f"{code}.po"
    return Language(code, translations_of(catalogue.read_bytes(), code))


def translations_of(po: bytes, code: str) -> gettext.NullTranslations:
    """Return the translations of a catalogue in gettext's text format.

    Args:
        po: the catalogue, UTF-8.
        code: its language's.
    """
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(po), locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Language:
    """Says texts and numbers as one language does.

    Args:
        code: the language's, such as 'ko' or 'pt_BR'.
        translations: the messages' translations.
    """

    def __init__(self, code: str, translations: gettext.NullTranslations) -> None:
        self.code = code
        self._translations = translations
        locale = Locale.parse(code)
        self._digits = str.maketrans({".": get_decimal_symbol(locale), ",": get_group_symbol(locale)})
        self._filled = Filled(said=self.text, digits=self.digits)

    def digits(self, number: str) -> str:
        """Return a number written the English way with this language's decimal and group separators."""
        return number.translate(self._digits)

    def text(self, text: str) -> str:
        """Return a message in this language; any other text, such as a name, as it is."""
        if not isinstance(text, Message):
            return text
        if text.plural:
            template = self._translations.ngettext(text.template, text.plural, text.values["n"])
        else:
            template = self._translations.gettext(text.template) if text.template else ""
        return self._filled.fill(template, text.values)

    def known(self, text: str) -> str:
        """Return an English text of a report's JSON, which is no template, in this language where the catalogue has it."""
        return self._translations.gettext(text) if text else ""

    def counted(self, n: int, singular: str, plural: str, /, **values: Any) -> str:
        """Return a text about a number of things, as `messages.counted`; for templates."""
        template = self._translations.ngettext(singular, plural, n)
        return self._filled.fill(template, {**values, "n": n})

    def gettext(self, message: str, /, **values: Any) -> Markup:
        """Return a text of a template as markup, its fields `%(name)s` filled and escaped: what `{% trans %}` calls."""
        return self._marked(self._translations.gettext(message), values)

    def ngettext(self, singular: str, plural: str, n: int, /, **values: Any) -> Markup:
        """Return a text with a number as `gettext`: what `{% trans %}` with `{% pluralize %}` calls."""
        return self._marked(self._translations.ngettext(singular, plural, n), values)

    def _marked(self, template: str, values: Mapping[str, Any]) -> Markup:
        said = {name: self.shown(value) for name, value in values.items()}
        return Markup(template) % said  # templates are the project's own; values are escaped

    def shown(self, value: Any) -> Any:
        """Return a value as a template shows it: messages translated, what cannot be seen written as an escape."""
        if not isinstance(value, str) or isinstance(value, Markup):
            return value
        return escaped(self.text(value), keep="\n\t")

    def integer(self, value: int | None) -> str:
        """Return a whole number with a separator at every thousand, or a dash for None."""
        return _NONE if value is None else self.digits(f"{value:,}".replace("-", MINUS))

    def number(self, value: float | None, digits: int = 3) -> str:
        """Return a number with so many significant digits: plain from 0.001 to 99,999, otherwise with an exponent."""
        if value is None or math.isnan(value):
            return _NONE
        if math.isinf(value):
            return "\N{INFINITY}" if value > 0 else f"{MINUS}\N{INFINITY}"
        magnitude = abs(value)
        if magnitude == 0:
            return "0"
        exponent = math.floor(math.log10(float(f"{magnitude:.{digits - 1}e}")))
        text = f"{value:,.{max(digits - 1 - exponent, 0)}f}" if -4 < exponent < 5 else f"{value:.{digits - 1}e}"
        return self.digits(text.replace("-", MINUS))

    def percent(self, value: float | None) -> str:
        """Return a share in [0, 1] as a percentage with one decimal; what is not quite none or all is never shown as 0 or 100."""
        if value is None or math.isnan(value):
            return _NONE
        if 0 < value < 0.0005:
            return self.digits("<0.1%")
        if 0.9995 < value < 1:
            return self.digits(">99.9%")
        text = f"{100 * value:.1f}%"
        return self.digits("0.0%" if text == "-0.0%" else text.replace("-", MINUS))

    def points(self, value: float | None) -> str:
        """Return a difference of shares in percentage points with its sign and one decimal, as '+1.5'; '0.0' without a sign."""
        if value is None or math.isnan(value):
            return _NONE
        text = f"{100 * value:+.1f}"
        return self.digits("0.0" if float(text) == 0 else text.replace("-", MINUS))

    def signed(self, value: float | None) -> str:
        """Return a number as `number` does, a whole one as `integer`, with a sign before one that is above zero."""
        text = self.integer(value) if isinstance(value, int) else self.number(value)
        return f"+{text}" if value is not None and value > 0 else text

    def sizes(self, value: Sequence[int | None] | None) -> str:
        """Return a shape, window or receptive field as '3 x 3' with multiplication signs; '?' for a free size."""
        if value is None:
            return _NONE
        parts = ("?" if size is None else f"{size:,}" for size in value)
        return self.digits(" \N{MULTIPLICATION SIGN} ".join(parts)) or "1"

    def file_size(self, value: int) -> str:
        """Return a number of bytes with a decimal unit, as '1.37 MB'."""
        for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
            if value >= size:
                return self.digits(f"{value / size:.3g} {unit}")
        return self.counted(value, "{n} byte", "{n} bytes")

    def name(self, text: str) -> str:
        """Return a name on one line, its unseen characters escaped, cut in the middle to at most 80 characters.

        A message in its place is translated.
        """
        said = self.text(text)
        return shown(said, end=_NAME_END) if said.strip() else self.text(_NO_NAME)


def ranges(indices: Sequence[int], most: int = 60) -> str:
    """Return ascending indices with neighbours drawn together, as '0, 3–7, 9'; very many are cut and counted.

    Args:
        indices: the indices.
        most: how many parts are written at most.
    """
    parts: list[list[int]] = []
    for index in indices:
        if parts and index == parts[-1][-1] + 1:
            parts[-1].append(index)
        else:
            parts.append([index])
    texts = [str(part[0]) if len(part) == 1 else f"{part[0]}\N{EN DASH}{part[-1]}" for part in parts]
    return ", ".join(texts) if len(texts) <= most else f"{', '.join(texts[:most])}, … ({len(indices)})"


def lined_up(texts: Sequence[object], width: int = _COLUMN) -> str:
    """Return short texts as columns of equal width, right-aligned: one table cell where one for each would be thousands.

    Args:
        texts: the texts, or whole numbers.
        width: characters of a column.
    """
    return " ".join(f"{text!s:>{width}}" for text in texts)
