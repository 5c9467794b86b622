"""Every text of the page can be said in every language: what the sources hold is in each catalogue, translated."""

import ast
import os
import re
import string
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from reportgen.messages import LANGUAGES

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "reportgen" / "rendering" / "languages"
CODES = [code for code in LANGUAGES if code != "en"]
PERCENT_FIELD = re.compile(r"%\((\w+)\)s")
TAG = re.compile(r"</?\w+")


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Catalog:
    """Return what the sources hold, found as `make messages` does."""
    path = tmp_path_factory.mktemp("messages") / "messages.pot"
    words = "extract --mapping-file pyproject.toml --keyword say --keyword counted:2,3 --no-location --no-wrap"
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        CommandLineInterface().run(["pybabel", *words.split(), "--output", str(path), "."])
    finally:
        os.chdir(before)
    return read_po(path.open("rb"))


@cache
def catalogue(code: str) -> Catalog:
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def forms(message) -> list[str]:
    return [text for text in (message.string if isinstance(message.string, tuple) else [message.string]) if text]


def originals(message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple) else [message.id]


def fields(text: str, *, braces: bool) -> set[tuple[str, str]]:
    if braces:
        return {(name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name}
    return {(name, "") for name in PERCENT_FIELD.findall(text)}


def messages(catalog: Catalog):
    return [message for message in catalog if message.id]


def test_the_sources_hold_the_texts_of_python_and_of_templates(sources):
    assert sources.get("Skip to the report") is not None
    assert sources.get("not evidence") is not None
    assert sources.get(("{n} layer", "{n} layers")) is not None
    assert len(messages(sources)) > 300


def said_literals() -> set[str]:
    """Return the first literal of every call of `say` and `counted` in the package, as Python itself reads them."""
    found = set()
    for path in (ROOT / "reportgen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "counted"):
                literal = node.args[0 if node.func.id == "say" else 1]
                found.add(
                    literal.value if isinstance(literal, ast.Constant) else f"no literal: {path.name}:{node.lineno}"
                )
    return found


def test_no_text_of_python_is_overlooked(sources):
    """Babel does not find every call within another call."""
    extracted = {originals(message)[0] for message in messages(sources)}
    assert sorted(said_literals() - extracted) == []


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated(sources, code):
    translated = catalogue(code)
    missing = [
        message.id
        for message in messages(sources)
        if (found := translated.get(message.id)) is None or not forms(found) or found.fuzzy
    ]
    assert missing == []


@pytest.mark.parametrize("code", CODES)
def test_no_catalogue_keeps_texts_that_are_gone(sources, code):
    translated = catalogue(code)
    assert [message.id for message in messages(translated) if sources.get(message.id) is None] == []
    assert not translated.obsolete


@pytest.mark.parametrize("code", CODES)
def test_a_translation_has_the_fields_formats_and_elements_of_its_text(code):
    for message in messages(catalogue(code)):
        braces = "python-brace-format" in message.flags
        wanted = fields(originals(message)[-1], braces=braces)
        elements = sorted(TAG.findall(originals(message)[-1]))
        for text in forms(message):
            assert fields(text, braces=braces) == wanted, message.id
            assert sorted(TAG.findall(text)) == elements, message.id


def test_korean_is_written_in_korean():
    said = {
        message.id: re.sub(r"%\(\w+\)s|\{[^}]*\}|<[^>]*>", "", text)
        for message in messages(catalogue("ko"))
        for text in forms(message)
    }
    without = [
        text for text, korean in said.items() if re.search("[A-Za-z]{3}", korean) and not re.search("[가-힣]", korean)
    ]
    assert without == ["HDF5 (.h5)", "SHA-256"]
