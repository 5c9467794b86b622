"""What a redacted report keeps and what it does not, from hand-built results."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import reportgen
from reportgen.analyses import ANALYSES
from reportgen.analyses.attribution.results import SampleAttribution
from reportgen.analyses.base import Skip
from reportgen.analyses.channel_activity.results import ChannelActivityResult
from reportgen.analyses.prediction_quality.results import PredictionQualityResult, WorstSample
from reportgen.analyses.sample_predictions.results import ClassProbability, SamplePredictionsResult, ShownSample
from reportgen.building.provenance import reproducing_command, samples_name, without_folders
from reportgen.measures.multilabel import LabelQuality
from reportgen.messages import say
from reportgen.options import Option, ReportOptions, options_of
from reportgen.redaction.reports import redact
from reportgen.redaction.texts import STATEMENT, redacted_command
from reportgen.rendering.writers import WRITERS, Asked
from reportgen.results.findings import (
    Finding,
    Inconclusive,
    ModelSummary,
    Provenance,
    RuleInForce,
    SamplesSummary,
    Severity,
)
from reportgen.results.plottables import Curve, Histogram, ImageGrid, Lines, Matrix, NullBands, Palette, Strip
from reportgen.results.redaction import Becomes, marks, redactable, redactable_sample
from reportgen.results.report import Report, Section, SkippedSection

GRID = ImageGrid(np.zeros((1, 2, 2), np.float32), ("0",), (0.0, 1.0), 1, Palette.GREY, 1, np.zeros(1))
SAMPLES = SamplesSummary(
    source="SAMPLES", total=9, evaluated=9, shown=(7, 2), selection="per-class:1", shape=(2, 2, 1), dtype="uint8",
    stored_range=(0.0, 255.0), input_range=(0.0, 1.0), labelled=True, steps=("A channel axis was added.",),
)  # fmt: skip
PROVENANCE = Provenance(
    file_name="anna.keras", file_size=12, sha256="0" * 64, format="Keras v3 archive (.keras)", keras_version="3.0",
    rewrites=(), versions={"reportgen": "1"}, date="2026-01-01", seed=3,
    options={
        "samples": ("x=anna.npz", "bert.npz"), "labels": "anna.csv", "class-names": "anna.txt", "config": "anna.toml",
        "title": "Anna", "note": "for Bert", "custom_objects": ("anna.py",), "layers": ("conv",), "redact": True,
    },
    command="reportgen build anna.keras --samples x=anna.npz --title Anna --redact", title="Anna", note="for Bert",
    custom_code=("Module anna.py was imported, SHA-256 0123456789ab….", "Layer 'a': Scale of the given modules was run."),
)  # fmt: skip
FINDING = Finding("low", Severity.WARNING, "anna", "anna is low", {"anna": 1.0}, 2.0, "anna's paper")


def report_of(*sections: Section | SkippedSection, **changes: Any) -> Report:
    model = ModelSummary("annas-model", "Sequential", (2, 2, 1), (3,), 5, 5, 2)
    return replace(Report(PROVENANCE, model, SAMPLES, sections), **changes)


def test_the_file_the_title_and_the_note_have_no_name():
    hidden = redact(report_of()).provenance
    assert (hidden.file_name, hidden.title, hidden.note) == ("MODEL", "Redacted model report", "")
    assert (hidden.file_size, hidden.sha256, hidden.seed) == (12, "0" * 64, 3)
    assert hidden.redaction == STATEMENT
    assert hidden.options == {
        "samples": ("x=SAMPLES", "SAMPLES"), "labels": "LABELS", "class-names": "CLASS_NAMES", "config": "CONFIG",
        "title": None, "note": "", "custom_objects": ("CUSTOM_OBJECTS",), "layers": ("conv",), "redact": True,
    }  # fmt: skip
    assert hidden.custom_code == (
        "A module was imported, SHA-256 0123456789ab….",
        "Layer 'a': Scale of the given modules was run.",
    )


def test_a_model_in_memory_has_no_file():
    provenance = replace(PROVENANCE, file_name=None, command="reportgen.build_report(model, …)")
    hidden = redact(report_of(provenance=provenance)).provenance
    assert (hidden.file_name, hidden.command) == (None, "reportgen.build_report(model, …)")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "reportgen build ./-anna.keras --samples x=a=b.npz --samples 'anna bert.npz' --labels l --class-names c --config f "
            "--layers conv --note '--title' --title --redact --seed 3 --custom-objects anna --redact",
            "reportgen build MODEL --samples x=SAMPLES --samples SAMPLES --labels LABELS --class-names CLASS_NAMES "
            "--config CONFIG --layers conv --seed 3 --custom-objects CUSTOM_OBJECTS --redact",
        ),
        ("reportgen demo --redact --config anna.toml", "reportgen demo --redact --config CONFIG"),
    ],
)
def test_the_command_keeps_its_options_and_loses_its_names(command, expected):
    assert redacted_command(command) == expected


PUBLIC = {"select", "layers", "attribution", "effort", "expect", "activation"}
"""Options whose texts stay: indices and words of a list, names of layers, and claims, from which `nameless_claims` takes the
classes. A new one is decided on here."""
TEXTS = {name: one for name, one in options_of(ReportOptions).items() if "str" in str(one.type) or one.type is str}
INPUTS = ("samples", "labels", "class-names", "history", "config", "extra")


def secret(name: str) -> str:
    return f"anna-{name.replace('_', '-')}.zip"


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    """Every form of a redacted report for which every option that takes a text was given one, and every input."""
    given = {name: (secret(name),) if get_origin(one.type) is tuple else secret(name) for name, one in TEXTS.items()}
    given |= {name: one.choices[0] for name, one in TEXTS.items() if one.choices}
    options = without_folders(ReportOptions(**given, redact=True))
    inputs = {name: secret(name) for name in INPUTS}
    provenance = replace(
        PROVENANCE,
        options={**inputs, **asdict(options)},
        command=reproducing_command("anna.keras", options, inputs),
        versions={"reportgen": "1", "tensorflow": "2", "keras": "3", "numpy": "2", "python": "3"},
        title=options.title or "",
        note=options.note,
    )
    report = redact(report_of(provenance=provenance))
    return {form: str(WRITERS[form](report, Asked())) for form in WRITERS if form != "pdf"}  # which is of the page


@pytest.mark.parametrize("name", [*TEXTS, *INPUTS])
def test_no_form_of_a_redacted_report_holds_what_was_given_for_an_option(name, written):
    assert set(written) == {"html", "json", "junit", "markdown", "metrics", "card"}
    holding = {form for form, text in written.items() if secret(name) in text}
    assert bool(holding) == (name in PUBLIC)


def test_a_file_with_an_equals_sign_is_not_taken_for_an_input_and_a_file(tmp_path):
    path = tmp_path / "anna=x.npz"
    path.write_bytes(b"")
    names = samples_name([str(path), "image=bert.npz"])
    assert names == ("./anna=x.npz", "image=bert.npz")
    command = reproducing_command("m.keras", ReportOptions(), {"samples": names})
    assert command == "reportgen build m.keras --samples ./anna=x.npz --samples image=bert.npz"
    assert redacted_command(command) == "reportgen build MODEL --samples SAMPLES --samples image=SAMPLES"


def test_every_option_that_names_a_file_says_so_and_is_recorded_without_its_folders():
    named = {name for name, one in TEXTS.items() if one.metavar in ("FILE", "SOURCE", "MODULE", "FOLDER")}
    assert named == {name for name, one in TEXTS.items() if one.text == "path"}
    options = ReportOptions(**{name: ("/home/a/b.c",) if name == "custom_objects" else "/home/a/b.c" for name in named})
    assert "/home" not in str(without_folders(options))


def test_a_text_is_private_unless_its_option_says_otherwise():
    assert {name for name, one in options_of(ReportOptions).items() if one.text == "public"} == PUBLIC
    kinds = (str, str | None, tuple[str, ...], Any, dict[str, int])
    assert [Option(help="", panel="", type=kind).is_public for kind in kinds] == [False] * 5
    assert [Option(help="", panel="", type=kind).is_public for kind in (int, bool, float | None)] == [True] * 3


@pytest.mark.parametrize(("kind", "expected"), [("Functional", "Functional"), ("AnnasNet", "Subclassed")])
def test_the_model_is_not_called_as_its_author_did(kind, expected):
    model = ModelSummary("anna", kind, (2, 2, 1), (3,), 5, 5, 2)
    assert redact(report_of(model=model)).model == replace(model, name="model", kind=expected)


def test_samples_stand_in_the_order_of_their_index():
    assert redact(report_of()).samples == replace(SAMPLES, shown=(2, 7))


def test_of_a_shown_sample_its_scores_stay_and_whether_it_is_right():
    top = (ClassProbability("class 2", 0.75), ClassProbability("class 0", 0.25))
    shown = ShownSample(7, "sample 7", GRID, "class 1", top, False, (1.0,))
    result = SamplePredictionsResult(SAMPLES, (shown, replace(shown, index=2)), "rule", 4, None)
    kept = redact(report_of(Section("sample_predictions", "Samples", result))).sections[0].result
    scores = (ClassProbability("score 1", 0.75), ClassProbability("score 2", 0.25))
    expected = ShownSample(7, "", None, None, scores, False, None)
    assert kept.shown == (replace(expected, index=2), expected)
    assert (kept.reduction, kept.summary.shown, kept.rule) == (1, (2, 7), "rule")


def test_of_the_worst_samples_the_probabilities_stay():
    worst = WorstSample(7, "sample 7", "class 1", "class 2", 0.9, 0.1, False)
    result = PredictionQualityResult("", 9, 9, None, None, (worst,), 1, GRID)
    kept = redact(report_of(Section("prediction_quality", "Prediction quality", result))).sections[0].result
    assert kept.worst == (WorstSample(7, "", "", "", 0.9, 0.1, None),)
    assert kept.pictures is None


@dataclass(frozen=True)
class NewResult:
    number: int


@pytest.mark.parametrize("name", ["feature_maps", "architecture"])
def test_a_result_that_nobody_declared_is_left_out(name):
    section = Section(name, "Title", NewResult(1), (FINDING,), (Inconclusive("low", "anna", "anna?", 3),))
    hidden = redact(report_of(section)).sections[0]
    assert isinstance(hidden, SkippedSection)
    assert hidden.reason == "This section shows the samples, so --redact leaves it out."
    withheld = "left out by --redact"
    assert hidden.findings == (Finding("low", Severity.WARNING, "model", withheld, {}, 2.0, withheld),)
    assert hidden.inconclusive == (Inconclusive("low", "model", withheld, 3),)


@pytest.mark.parametrize(
    "value", [GRID, "a text", np.zeros((2, 2)), np.array(["anna"]), {"a": "text"}, (GRID,), NewResult(1), b"bytes", [1]]
)
def test_a_new_field_of_a_declared_result_costs_the_section(value):
    result = PredictionQualityResult("", 9, 9, value, None, (), 0, None)  # type: ignore[arg-type]
    assert isinstance(redact(report_of(Section("prediction_quality", "T", result))).sections[0], SkippedSection)


@pytest.mark.parametrize(
    "value", [replace(GRID, of_weights=True), 1, 0.5, None, True, np.zeros(3), {"a": 1}, Severity.NOTE]
)
def test_numbers_and_pictures_of_weights_stay(value):
    result = PredictionQualityResult("", 9, 9, value, None, (), 0, None)  # type: ignore[arg-type]
    section = Section("prediction_quality", "T", result)
    assert redact(report_of(section)).sections[0].result.classification is value or isinstance(value, dict)


def test_a_plugin_is_left_out_whatever_it_says():
    plugin = Section(
        "odd", "Odd", PredictionQualityResult("", 9, 9, None, None, (), 0, None), (FINDING,), (), "package"
    )
    broken = SkippedSection("pack:odd", "odd", "The plug-in pack 1 failed. Received: anna.")
    own = replace(plugin, name="architecture")
    for section in redact(report_of(plugin, broken, own)).sections:
        assert isinstance(section, SkippedSection)
        assert section.reason == "A plug-in may show the samples, so --redact leaves its section out."
    assert redact(report_of(plugin)).findings[0].message == "left out by --redact"


def test_what_an_error_quotes_is_left_out_of_a_reason():
    error = "anna.png is no image"
    plain = SkippedSection("learned", "T", f"It failed. Received: {error}")
    message = replace(plain, reason=say("It failed. Received: {error} ({n})", error=error, n=2))
    nested = replace(plain, reason=say("{what} Really.", what=say("It failed. Received: {error}.", error=error)))
    hidden = [section.reason for section in redact(report_of(plain, message, nested)).sections]
    assert hidden == [
        "It failed. Received: left out by --redact.",
        "It failed. Received: left out by --redact (2)",
        "It failed. Received: left out by --redact. Really.",
    ]
    assert redact(report_of(replace(plain, reason="No layer."))).sections[0].reason == "No layer."
    masked = ChannelActivityResult((), None, 9, masked_reason=say("it failed: {error}", error=error))
    kept = redact(report_of(Section("channel_activity", "T", masked))).sections[0].result
    assert kept.masked_reason == "it failed: left out by --redact"


def test_errors_are_quoted_under_a_name_or_after_a_word_by_which_they_are_found():
    for path in (Path(reportgen.__file__).parent / "analyses").rglob("*.py"):
        if path.stem in ("plugins", "config"):  # what they say of errors is no part of reportgen's own sections
            continue
        source = path.read_text(encoding="utf-8")
        assert set(re.findall(r"(\w+)=str\(error\)", source)) <= {"error", "received"}, path.name
        quoted = re.findall(r'f".*\{error[^a-z].*"', source)
        assert all("Received: {error" in text for text in quoted), path.name


def test_what_an_undecided_rule_quotes_is_left_out():
    undecided = Inconclusive("low", "claims", "a claim of x", None, say("Received: {error}.", error="anna.csv"))
    (hidden,) = redact(report_of(SkippedSection("prediction_quality", "t", "r", (), (undecided,)))).sections
    assert "anna" not in str(hidden)
    assert hidden.inconclusive[0].message == "a claim of x"


def test_why_a_model_was_not_run_names_its_file_and_is_left_out():
    provenance = replace(PROVENANCE, not_run="anna.keras cannot be run.")
    hidden = redact(report_of(SkippedSection("learned", "T", "anna.keras cannot be run."), provenance=provenance))
    expected = "The model could not run, so only its weights are shown; --redact hides the reason."
    assert (hidden.provenance.not_run, hidden.sections[0].reason) == (expected, expected)


def test_a_rule_does_not_say_which_file_set_it():
    rules = (RuleInForce("a", 1, Severity.NOTE, "u", set_by="anna.toml"), RuleInForce("b", 1, Severity.NOTE, "u"))
    assert [rule.set_by for rule in redact(report_of(rules=rules)).rules] == ["CONFIG", "default"]


def test_redacting_twice_changes_nothing_more():
    once = redact(report_of(Section("learned", "T", NewResult(1))))
    twice = redact(once)
    assert (twice.provenance, twice.model, twice.samples) == (once.provenance, once.model, once.samples)


@pytest.mark.parametrize("kind", [ShownSample, WorstSample, SampleAttribution])
def test_every_field_about_a_single_sample_is_decided_on(kind):
    marked = marks(kind)
    assert not marked.numbers
    assert marked.kept | set(marked.becomes) == {field.name for field in fields(kind)}


def result_of(kind: type) -> Section:
    """Return a section whose result holds one more thing, made of a number."""
    return Section("prediction_quality", "T", PredictionQualityResult("", 9, 9, None, None, (kind(1),), 0, None))


@redactable
@dataclass(frozen=True)
class OfTheModel:
    number: int


@redactable_sample
@dataclass(frozen=True)
class OfASample:
    number: int


@dataclass(frozen=True)
class Inheriting(OfTheModel):
    pass


@pytest.mark.parametrize(("kind", "kept"), [(OfTheModel, True), (OfASample, False), (Inheriting, False)])
def test_a_number_without_a_mark_stays_only_where_its_own_class_says_so(kind, kept):
    section = redact(report_of(result_of(kind))).sections[0]
    assert isinstance(section, Section) == kept


def test_a_mark_is_read_through_inheritance():
    assert "name" in marks(LabelQuality).kept


NOT_REDACTABLE = {"concepts", "feature_maps", "filter_responses"}  # they show the samples and nothing else
PLAIN = (Curve, Histogram, ImageGrid, Lines, Matrix, NullBands, Strip)


def parts_of(kind: Any) -> Iterator[type]:
    """Yield the dataclasses that a field of this type may hold and that a redacted report keeps."""
    if get_origin(kind) is Annotated and any(isinstance(mark, Becomes) for mark in get_args(kind)[1:]):
        return
    if isinstance(kind, type) and is_dataclass(kind) and kind not in PLAIN:
        yield kind
        for hint in get_type_hints(kind, include_extras=True).values():
            yield from parts_of(hint)
    for one in get_args(kind):
        yield from parts_of(one)


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda analysis: analysis.name)
def test_every_part_of_a_result_that_can_be_redacted_is_marked(analysis):
    returned = get_type_hints(analysis.run)["return"]
    results = [kind for kind in get_args(returned) or (returned,) if kind is not Skip]
    unmarked = {kind.__name__ for result in results for kind in parts_of(result) if marks(kind) is None}
    assert bool(unmarked) == (analysis.name in NOT_REDACTABLE), unmarked
