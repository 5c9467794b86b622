"""The language of a page: its catalogue of messages, and how it writes numbers."""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol
from markupsafe import Markup

from reportgen.messages import LANGUAGES, Filled, Message, say
from reportgen.rendering import wording
from reportgen.untrusted.escaping import escaped

SOURCE_LANGUAGE = "en"
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
        """Return a whole number, see `wording.integer`."""
        return self.digits(wording.integer(value))

    def number(self, value: float | None, digits: int = 3) -> str:
        """Return a number, see `wording.number`."""
        return self.digits(wording.number(value, digits))

    def percent(self, value: float | None) -> str:
        """Return a share as a percentage, see `wording.percent`."""
        return self.digits(wording.percent(value))

    def sizes(self, value: Sequence[int | None] | None) -> str:
        """Return a shape, see `wording.sizes`."""
        return self.digits(wording.sizes(value))

    def file_size(self, value: int) -> str:
        """Return a number of bytes, see `wording.file_size`."""
        text = wording.file_size(value)
        return self.digits(text) if value >= wording.KILOBYTE else self.counted(value, "{n} byte", "{n} bytes")

    def name(self, text: str) -> str:
        """Return a name on one line, see `wording.name`; a message in its place is translated."""
        return wording.name(self.text(text), empty=self.text(_NO_NAME))
