"""Sections that a user adds from Python: an analysis given to `build_report`, and `Report.with_section`."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import reportgen
from reportgen import UsageError
from reportgen.plottables import Curve, Histogram, ImageGrid, Matrix, NullBands, Palette, Strip
from reportgen.results import Severity
from reportgen.results.report import Section, SkippedSection
from reportgen.rules import Rule

ROOT = Path(__file__).parent.parent
MANY = Rule(code="many-layers", meaning="m", severity=Severity.WARNING, threshold=1, unit="layers", source="s")
HISTOGRAM = Histogram(np.linspace(0, 1, 5), {"samples": np.array([1, 2, 3, 4])}, "mean pixel")


@dataclass(frozen=True)
class Counted:
    note: str
    layers: int
    share: float
    sizes: tuple[int, ...]
    histogram: Histogram


class Counts:
    """Counts the layers."""

    name = "counts"
    title = "Layers counted"
    rules = (MANY,)

    def run(self, context: Any) -> Any:
        return Counted("First.\n\nSecond.", len(context.layers), 0.25, (1, 2), HISTOGRAM)

    def findings(self, result: Any, limits: Any) -> Any:
        if result.layers > limits["many-layers"]:
            yield MANY.finding("model", f"{result.layers} layers", evidence={"n": result.layers}, threshold=1)


class Templated(Counts):
    template = "<p>There are {{ result.layers | integer }} &amp; {{ result.note }}</p>"


class Failing(Counts):
    def run(self, context: Any) -> Any:
        del context
        raise RuntimeError("no such thing")


class Misprinted(Counts):
    template = "<p>{{ result.nothing }}</p>"


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(1)
    layers = [keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    return keras.Sequential(layers, name="tiny")


def section_of(page: str, name: str) -> str:
    return page.split(f'<section id="{name}"', 1)[1].split("</section>", 1)[0]


def test_an_analysis_without_a_template_shows_the_fields_of_its_result(model: Any) -> None:
    report = reportgen.build_report(model, extra=[Counts()])
    assert report.sections[-1].name == "counts"
    section = section_of(report.to_html(), "counts")
    assert "<p>First.</p>" in section
    assert "<p>Second.</p>" in section
    assert re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", section) == [
        ("Layers", "3"),
        ("Share", "0.250"),
        ("Sizes", "1, 2"),
    ]
    assert 'alt="Histogram: Histogram."' in section
    result = json.loads(report.to_json())["sections"][-1]["result"]
    assert (result["layers"], result["histogram"]["value_label"]) == (3, "mean pixel")
    assert json.loads(report.to_json())["provenance"]["options"]["extra"] == ["<Counts>"]


def test_its_rules_are_in_force_and_count_for_a_gate(model: Any) -> None:
    report = reportgen.build_report(
        model, extra=[Counts()], config={"rules": {"many-layers": {"severity": "problem"}, "untrained-layer": False}}
    )
    assert [finding.code for finding in report.failing(Severity.PROBLEM)] == ["many-layers"]
    assert {rule.code: rule.set_by for rule in report.rules}["many-layers"] != "default"
    quiet = reportgen.build_report(model, extra=[Counts()], config={"rules": {"many-layers": False}})
    assert "many-layers" not in {finding.code for finding in quiet.findings}


def test_a_template_is_a_text_or_a_file(model: Any, tmp_path: Path) -> None:
    file = tmp_path / "counts.html"
    file.write_text("<p>From a file: {{ result.share | percent }}</p>", encoding="utf-8")
    from_file = Counts()
    from_file.template = file  # type: ignore[attr-defined]
    for analysis, said in ((Templated(), "<p>There are 3 &amp; First."), (from_file, "<p>From a file: 25.0%</p>")):
        report = reportgen.build_report(model, extra=[analysis])
        assert said in section_of(report.to_html(), "counts")


def test_what_fails_costs_its_own_section_alone(model: Any) -> None:
    report = reportgen.build_report(model, extra=[Failing()])
    assert report.sections[-1].reason == "The analysis failed. Received: RuntimeError: no such thing."
    misprinted = reportgen.build_report(model, extra=[Misprinted()])
    assert "The section’s template failed." in misprinted.to_html().replace("&#39;", "’")


@pytest.mark.parametrize(
    ("extra", "received"),
    [
        ([Counts], "type: an analysis must be an object. Received: a class"),
        ([Counts(), Counts()], "Counts: name must be its own. Received: 'counts', which is taken"),
        ([3], "int: 'int' object has no attribute 'name'"),
    ],
)
def test_what_is_no_analysis_is_told_before_the_model_is_read(extra: list[Any], received: str) -> None:
    with pytest.raises(
        UsageError, match=re.escape(f"extra must hold analyses, see docs/plugins.md. Received: {received}")
    ):
        reportgen.build_report("no-such-model.keras", extra=extra)


def test_a_section_can_be_written_by_hand(model: Any) -> None:
    grid = ImageGrid(np.zeros((2, 3, 3), np.float32), ("0", "1"), (0, 1), 2, Palette.GREY, 2, np.zeros(2))
    points = np.array([0.0, 1.0])
    figures = {
        "Means": HISTOGRAM,
        "Growth": Curve(points, points, points, points, "x", "y"),
        "Pairs": Matrix(np.eye(2, dtype=np.int64), ("a", "b")),
        "Pictures": grid,
        "Distances": NullBands(("conv",), ("norm",), np.array([[1.0]]), 3.0),
        "Channels": Strip(np.array([2.0, 1.0]), 0.5),
    }
    report = reportgen.build_report(model).with_section("Field test <1>", "All is well.\n\nTruly.", figures)
    assert isinstance(report, reportgen.Report)
    page = report.to_html()
    section = section_of(page, "field_test_1")
    assert "Field test &lt;1&gt;" in section
    assert "<p>Truly.</p>" in section
    assert section.count("<figure") == len(figures)
    assert all(f"{caption} <a" in section for caption in figures)
    assert "This section was added from Python" in section
    result = json.loads(report.to_json())["sections"][-1]["result"]
    assert list(result["figures"]) == list(figures)
    assert result["figures"]["Pairs"]["cells"] == [[0, 0, 1], [1, 1, 1]]


def test_sections_of_one_title_have_names_of_their_own(model: Any) -> None:
    report = reportgen.build_report(model).with_section("시험", "a").with_section("시험", "b", [HISTOGRAM])
    assert [section.name for section in report.sections[-2:]] == ["section", "section_2"]
    assert "Figure 1 <a" in section_of(report.to_html(), "section_2")


def test_redaction_leaves_added_sections_out_and_counts_their_findings(model: Any) -> None:
    report = reportgen.build_report(model, extra=[Counts()], redact=True).with_section("By hand", "secret words")
    added, written = report.sections[-2:]
    assert isinstance(added, SkippedSection)
    assert isinstance(written, SkippedSection)
    assert [finding.message for finding in added.findings] == ["left out by --redact"]
    assert "This section was added from Python and may show the samples" in report.to_html()
    assert "secret words" not in report.to_html() + report.to_json()


def test_a_redacted_call_names_neither_files_nor_the_note(model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "khaki.keras")
    given = {"extra": [Counts()], "note": "magenta"}
    command = reportgen.build_report(tmp_path / "khaki.keras", **given).provenance.command
    assert command == "reportgen.build_report('khaki.keras', extra=extra, note='magenta')"
    report = reportgen.build_report(tmp_path / "khaki.keras", redact=True, **given)
    assert report.provenance.command == "reportgen.build_report(model, …)"
    assert not re.search("khaki|magenta", report.to_html() + report.to_json())


@pytest.mark.dear
def test_the_examples_of_the_documentation_run(model: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    ).save("model.keras")
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "plugins.md").read_text("utf-8"), flags=re.DOTALL)
    names: dict[str, Any] = {"__name__": "examples"}
    monkeypatch.setitem(__import__("sys").modules, "examples", type(reportgen)("examples"))
    for example in examples:
        exec(example, names)
    assert len(examples) == 2
    assert "Brightness of the images" in Path("report.html").read_text("utf-8")
    assert isinstance(names["report"].sections[-1], Section)
    assert "The model has 4,079 parameters" in names["report"].to_html()
