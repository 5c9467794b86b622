"""The Jinja2 environment: what templates may call, in the language of the page."""

from __future__ import annotations

import re
from functools import lru_cache, partial

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from reportgen.rendering.encoding import text_uri
from reportgen.rendering.geometry import fitting, level
from reportgen.rendering.language import Language
from reportgen.rendering.parts import parts_of
from reportgen.rendering.vectors import histogram_outline, null_bands_drawing, strip_outline, strip_threshold
from reportgen.rendering.wording import lined_up


@lru_cache
def make_environment(packages: tuple[str, ...], language: Language) -> Environment:
    """Return the environment with reportgen's templates and those in the folders templates/ of these packages.

    Args:
        packages: that bring an analysis with its template.
        language: in which texts and numbers are written.
    """
    plugins = PrefixLoader({package: PackageLoader(package) for package in packages})
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("reportgen.templates", ""), plugins]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # every text of a report passes here: what cannot be seen in it is written as an escape
        finalize=language.shown,
        extensions=[_Unindented, "jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    # as with install_gettext_callables(newstyle=True), but each value is shown as everywhere else in a template
    environment.newstyle_gettext = True  # type: ignore[attr-defined] # the extension defines it
    environment.globals |= {
        "_": language.gettext,
        "gettext": language.gettext,
        "ngettext": language.ngettext,
        "counted": language.counted,
        "language": language,
    }
    for function in (language.integer, language.number, language.percent, language.sizes, language.file_size):
        environment.filters[function.__name__] = function
    environment.filters |= {
        "said": language.text,
        "shown_name": language.name,
        "lined_up": lined_up,
        "level": level,
        "fitting": fitting,
        "parts": partial(parts_of, language=language),
        "outline": histogram_outline,
        "null_bands_drawing": null_bands_drawing,
        "strip_outline": strip_outline,
        "strip_threshold": strip_threshold,
        "json_block": _json_block,
        "json_uri": _json_uri,
    }
    return environment


class _Unindented(Extension):
    """Drops the indentation of templates, which is for their authors; a fifth of a page would be blanks. Values keep theirs."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Return the source of a template without blanks at the start of its lines and without empty lines."""
        del name, filename
        return re.sub(r"^\s+", "", source, flags=re.MULTILINE)


def _json_block(text: str) -> Markup:
    """Return JSON that can stand inside a script element: no character of it can end the element."""
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _json_uri(text: str) -> str:
    """Return JSON as the address of a download."""
    return text_uri(text, "application/json")
