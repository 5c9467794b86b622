from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from reportgen.messages import LANGUAGES
from reportgen.rendering import templates
from reportgen.rendering.html import make_environment, render_html
from reportgen.rendering.language import open_language
from reportgen.rendering.templates import new_environment, write_compiled

FOLDER = Path(__file__).parent.parent.parent / "templates"


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Return the folder of the Python of a template, which says 'built' where its source says 'written'."""
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "a.html").write_text("  <p>{{ 'written'|shouted }}</p>")
    folder = tmp_path / "templates_of_a_test"
    write_compiled(sources, folder)
    (module,) = folder.iterdir()
    module.write_text(module.read_text().replace("written", "built"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(templates, "_PACKAGE", folder.name)
    return folder


def rendered(source: str) -> str:
    environment = new_environment(DictLoader({"a.html": source}), finalize=lambda value: f"[{value}]")
    environment.filters["shouted"] = str.upper
    return environment.get_template("a.html").render()


def test_a_template_is_rendered_from_its_python(compiled, monkeypatch):
    monkeypatch.delattr(Environment, "compile")
    assert rendered("  <p>{{ 'written'|shouted }}</p>") == "<p>[BUILT]</p>"


def test_an_edited_template_is_never_rendered_from_older_python(compiled):
    assert rendered("  <p>{{ 'written'|shouted }}</p>\n") == "<p>[WRITTEN]</p>"


@pytest.mark.parametrize("other", [b"another release of Jinja", b"another way to read templates"])
def test_python_made_otherwise_is_never_used(compiled, monkeypatch, other):
    monkeypatch.setattr(templates, "_MADE_FOR", other)
    assert rendered("  <p>{{ 'written'|shouted }}</p>") == "<p>[WRITTEN]</p>"


def test_templates_need_not_be_compiled_before(monkeypatch):
    monkeypatch.setattr(templates, "_PACKAGE", "no_such_package.at_all")
    assert rendered("<p>{{ 'written'|shouted }}</p>") == "<p>[WRITTEN]</p>"


def test_what_was_compiled_of_older_templates_is_removed(compiled, tmp_path):
    (tmp_path / "sources" / "a.html").write_text("other")
    (before,) = compiled.glob("*.py")
    write_compiled(tmp_path / "sources", compiled)
    (after,) = compiled.glob("*.py")
    assert before != after


def test_tracebacks_name_the_template_and_not_its_python(compiled, tmp_path):
    environment = new_environment(None, finalize=str)
    environment.filters["shouted"] = str.upper
    bucket = environment.bytecode_cache.get_bucket(environment, "a.html", "/a.html", "  <p>{{ 'written'|shouted }}</p>")
    assert environment.template_class.from_code(environment, bucket.code, {}).filename == "/a.html"


@pytest.fixture(scope="module")
def all_compiled(tmp_path_factory):
    """Return the folder of a package that holds the Python of all templates."""
    folder = tmp_path_factory.mktemp("compiled")
    write_compiled(FOLDER, folder / "templates_of_a_page")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_is_the_same_from_python_as_from_templates(report, lang, all_compiled, monkeypatch):
    monkeypatch.syspath_prepend(all_compiled)
    one = replace(report, provenance=replace(report.provenance, options={**report.provenance.options, "lang": lang}))
    pages = []
    for package in ("no_such_package", "templates_of_a_page"):
        make_environment.cache_clear()
        monkeypatch.setattr(templates, "_PACKAGE", package)
        pages.append(render_html(one))
        monkeypatch.delattr(Environment, "compile", raising=False)
    make_environment.cache_clear()
    assert pages[0] == pages[1]


def test_no_filter_of_the_page_is_called_in_a_way_that_the_build_cannot_know():
    own = make_environment((), open_language("en")).filters.items() - Environment().filters.items()
    assert own
    assert not [name for name, function in own if hasattr(function, "jinja_pass_arg")]
