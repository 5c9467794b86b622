"""Analyses of other packages: what a good one gets, and what a bad one costs."""

import itertools
import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import reportgen
from reportgen.analyses.plugins import Plugins, failure, load_plugins
from reportgen.cli.app import run
from reportgen.rendering.html import render_html

EXAMPLE = Path(__file__).parents[2] / "docs" / "plugin-example"

GOOD = """
from dataclasses import dataclass
from reportgen.results.findings import Inconclusive, Severity
from reportgen.results.rules import Rule

RULE = Rule(code="odd-layers", meaning="m", severity=Severity.WARNING, threshold=1, unit="layers", source="s")

@dataclass(frozen=True)
class Result:
    layers: object

class Odd:
    name = "odd"
    title = "Odd layers"
    rules = (RULE,)

    def run(self, context):
        return Result(len(context.layers))

    def findings(self, result, limits):
        yield RULE.finding("model", f"{result.layers} layers", evidence={"n": result.layers}, threshold=limits[RULE.code])
        yield Inconclusive(RULE.code, "model", "too few", 12)

ODD = Odd()
"""
TEMPLATE = (
    '{% from "_macros.html" import fact %}{% from "PACKAGE/more.html" import bold %}'
    '<dl id="{{ page.anchors.make(section.name, "model") }}">{{ fact("Layers", bold(result.layers)) }}</dl>'
)


NUMBERS = itertools.count()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: Any) -> Callable[..., str]:
    """Return a function that installs a plug-in into a folder of the test and returns its package."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    installed: list[str] = []

    def make(code: str = GOOD, template: str | None = TEMPLATE, entry: str = "odd", attribute: str = "ODD") -> str:
        package = f"odd_{next(NUMBERS)}"  # imported modules stay, so that no two tests may share one
        installed.append(package)
        folder = tmp_path / package
        (folder / "templates").mkdir(parents=True)
        (folder / "__init__.py").write_text("", encoding="utf-8")
        (folder / "analysis.py").write_text(textwrap.dedent(code), encoding="utf-8")
        (folder / "templates" / "more.html").write_text(
            "{% macro bold(x) %}<b>{{ x }}</b>{% endmacro %}", encoding="utf-8"
        )
        if template is not None:
            text = template.replace("PACKAGE", package)
            (folder / "templates" / "odd.html").write_text(text, encoding="utf-8")
        information = tmp_path / f"{package}-1.5.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist{len(installed)}\nVersion: 1.5\n")
        (information / "entry_points.txt").write_text(
            f"[reportgen.analyses]\n{entry} = {package}.analysis:{attribute}\n"
        )
        return package

    return make


def load() -> Plugins:
    return load_plugins(names={"architecture"}, codes={"weak-filters"})


def test_nothing_installed_is_nothing_found() -> None:
    assert load() == Plugins()


def test_a_good_plug_in_has_its_section_rules_findings_template_and_version(install: Any, nested_model: Any) -> None:
    package = install()
    report = reportgen.build_report(nested_model, config={"rules": {"odd-layers": {"severity": "problem"}}})
    section = report.sections[-1]
    assert (section.name, section.package) == ("odd", package)
    assert [finding.code for finding in report.failing(3)] == ["odd-layers"]
    assert report.failed("problem")
    assert report.inconclusive[0].samples_needed == 12
    assert report.provenance.versions["dist1"] == "1.5"
    page = report.to_html()
    layers = section.result.layers
    assert f'<dl id="odd-model"><div><dt>Layers</dt><dd><b>{layers}</b></dd></div>' in page.replace("\n", "")
    assert 'href="#odd-model"' in page
    assert "About 12 samples would decide it." in page
    assert json.loads(report.to_json())["sections"][-1]["result"] == {"layers": layers}


@pytest.mark.parametrize(
    ("code", "attribute", "received"),
    [
        ("import no_such_module", "ODD", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise ValueError('first\\n\\nsecond <b>')", "ODD", "ValueError: first second <b>"),
        ("raise SystemExit(3)", "ODD", "SystemExit: 3"),
        ("ODD = 1", "NONE", None),
        (GOOD, "Odd", "ValueError: an analysis must be an object. Received: a class"),
        (
            GOOD.replace('"odd"', '"Odd/../x"'),
            "ODD",
            "ValueError: name must be a lower-case word. Received: 'Odd/../x'",
        ),
        (
            GOOD.replace('"odd"', '"architecture"'),
            "ODD",
            "ValueError: name must be its own. Received: 'architecture', which is taken",
        ),
        (
            GOOD.replace('"odd"', '"summary"'),
            "ODD",
            "ValueError: name must be its own. Received: 'summary', which is taken",
        ),
        (GOOD.replace('"Odd layers"', "3"), "ODD", "ValueError: title must be a text. Received: 3"),
        (GOOD.replace("(RULE,)", "(3,)"), "ODD", "ValueError: rules must be Rules with a code such as 'dark-samples'"),
        (
            GOOD.replace("odd-layers", "weak-filters"),
            "ODD",
            "ValueError: the code of a rule must be its own. Received: 'weak-filters', which is taken",
        ),
        (GOOD.replace("def run", "def walk"), "ODD", "AttributeError: 'Odd' object has no attribute 'run'"),
        (GOOD.replace('"odd"', '"even"'), "ODD", "ValueError: there is no template templates/even.html in the package"),
    ],
)
def test_a_plug_in_that_cannot_be_loaded_is_a_skip_with_the_reason(
    install: Any, code: str, attribute: str, received: str | None
) -> None:
    install(code, attribute=attribute)
    plugins = load()
    assert plugins.working == ()
    (section,) = plugins.broken
    assert (section.name, section.title) == ("dist1:odd", "odd")
    assert section.reason.startswith("The plug-in dist1 1.5 could not be loaded. Received: ")
    assert section.reason.endswith(". Update or uninstall it.")
    assert received is None or received in section.reason
    assert "\n" not in section.reason


def test_a_broken_plug_in_leaves_the_rest_of_the_report(install: Any, nested_model: Any) -> None:
    install("raise ValueError('<script>x</script>')")
    report = reportgen.build_report(nested_model, config={"rules": {"odd-layers": 3}})
    page = report.to_html()
    assert "ValueError: &lt;script&gt;x&lt;/script&gt;. Update" in page
    assert report.sections[0].name == "architecture"


def test_of_two_plug_ins_of_one_name_the_second_is_a_skip(install: Any) -> None:
    install()
    install()
    plugins = load()
    assert [plugin.distribution for plugin in plugins.working] == ["dist1"]
    assert "Received: ValueError: name must be its own" in plugins.broken[0].reason


@pytest.mark.parametrize(
    ("old", "new", "received"),
    [
        ("return Result(", "raise OSError(2, 'gone', '/home/somebody/secret.txt'); (", "gone: 'secret.txt'"),
        ("return Result(", "return (", "AttributeError: 'int' object has no attribute 'layers'"),
        ("limits[RULE.code]", "limits['other']", "KeyError: 'other'"),
        ('{"n": result.layers}', '{"n": "many"}', "could not convert string to float"),
        ("yield Inconclusive", "yield str", "TypeError"),
        ("return Result(", "raise SystemExit(3); (", "SystemExit: 3"),
    ],
)
def test_a_plug_in_that_raises_is_a_skip_with_the_reason(
    install: Any, nested_model: Any, old: str, new: str, received: str
) -> None:
    install(GOOD.replace(old, new))
    section = reportgen.build_report(nested_model).sections[-1]
    assert (section.name, section.title) == ("odd", "Odd layers")
    assert section.reason.startswith("The plug-in dist1 1.5 failed. Received: ")
    assert received in section.reason
    assert "/home" not in section.reason


@pytest.mark.parametrize(("result", "kind"), [("3", "int"), ("Result", "type")])
def test_a_result_that_is_no_dataclass_is_a_skip(install: Any, nested_model: Any, result: str, kind: str) -> None:
    silent = (
        GOOD.split("    def findings")[0]
        + "    def findings(self, result, limits):\n        return ()\n\nODD = Odd()\n"
    )
    install(silent.replace("return Result(len(context.layers))", f"return {result}"))
    section = reportgen.build_report(nested_model).sections[-1]
    assert f"Received: TypeError: run must return a dataclass or a Skip, not {kind}." in section.reason


@pytest.mark.parametrize("template", ["{{ nothing.here }}", "{% if %}", '{% include "none.html" %}'])
def test_a_template_that_fails_is_a_skip_and_no_link_leads_nowhere(
    install: Any, nested_model: Any, template: str
) -> None:
    install(template='<p id="{{ page.anchors.make("odd", "model") }}"></p>' + template)
    page = reportgen.build_report(nested_model).to_html()
    assert "The plug-in&#39;s template failed. Received: " in page
    assert 'href="#odd-model"' not in page
    assert 'href="#odd"' in page


def test_a_result_that_json_cannot_hold_is_left_out_of_it(install: Any, nested_model: Any) -> None:
    install(
        GOOD.replace("Result(len(context.layers))", "Result(Odd())")
        .replace("{result.layers}", "x")
        .replace('{"n": result.layers}', "{}")
    )
    report = reportgen.build_report(nested_model)
    section = json.loads(report.to_json())["sections"][-1]
    assert section["skipped"] == "The plug-in's result holds something that JSON cannot hold."
    assert section["result"] is None


def test_our_own_templates_are_not_guarded(demo_report: Any) -> None:
    section = replace(demo_report.sections[0], result=None)
    with pytest.raises(Exception, match="layers"):
        render_html(replace(demo_report, sections=(section,)))


def test_a_reason_is_one_short_line_without_folders() -> None:
    error = ImportError("cannot import name 'x' from 'y' (/home/me/lib/y.py)\n" + "z" * 9999)
    reason = failure("d", "1", "failed", error)
    assert reason.startswith(
        "The plug-in d 1 failed. Received: ImportError: cannot import name 'x' from 'y' (y.py) zzz"
    )
    assert len(reason) < 320
    assert "3/4 of https://a.b/c/d" in failure("d", "1", "failed", ValueError("3/4 of https://a.b/c/d"))


@pytest.mark.slow
def test_the_example_of_the_documentation_is_installed_and_makes_its_section(
    tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(EXAMPLE, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True)
    monkeypatch.syspath_prepend(target)
    monkeypatch.chdir(tmp_path)
    assert run(["rules", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)[-1]["code"] == "dark-samples"
    (tmp_path / "r.toml").write_text("[rules]\ndark-samples = 0.0\n", encoding="utf-8")
    assert run(["demo", "--config", "r.toml", "--json", "r.json", "-o", "r.html"]) == 0
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    section = document["sections"][-1]
    assert (section["name"], section["skipped"], section["result"]["samples"]) == ("brightness", None, 200)
    assert document["provenance"]["versions"]["reportgen-brightness"] == "1.0"
    assert "dark-samples" in {finding["code"] for finding in document["findings"]}
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<figure id="brightness-samples">' in page
    assert "Look for samples far below the others: " in page


def test_a_distribution_in_the_working_folder_is_not_loaded(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "evil-1.0.dist-info").mkdir()
    (tmp_path / "evil-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (tmp_path / "evil-1.0.dist-info" / "entry_points.txt").write_text("[reportgen.analyses]\nevil = evilmod:EVIL\n")
    (tmp_path / "evilmod.py").write_text("raise SystemExit('run')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    found = load_plugins(names=set(), codes=set())
    (broken,) = [one for one in found.broken if one.name == "evil:evil"]
    assert "its distribution lies in the working folder" in broken.reason
