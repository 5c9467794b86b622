import hashlib
import inspect
import json
from dataclasses import asdict
from typing import Any

import keras
import numpy as np
import pytest

import reportgen
from reportgen import ModelError, OutputError, SamplesError, UsageError
from reportgen.options import DEFAULTS, ReportOptions, options_of
from reportgen.results.findings import Severity


@pytest.fixture(scope="module")
def live_model():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(2, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ],
        name="live",
    )


def test_a_live_model_and_arrays_are_accepted(live_model):
    inputs = np.linspace(0, 1, 4 * 36, dtype=np.float32).reshape(4, 6, 6, 1)
    report = reportgen.build_report(live_model, samples=(inputs, [0, 1, 2, 0]), select="first:2")
    assert report.provenance.file_name is None
    assert len(report.provenance.sha256) == 64
    assert report.samples.shown == (0, 1)
    sections = {section.name: section.result for section in report.sections if hasattr(section, "result")}
    logits = live_model(inputs[:1], training=False).numpy()[0].astype(np.float64)
    exponentials = np.exp(logits - logits.max())
    expected = np.sort(exponentials / exponentials.sum())[::-1]
    shown = [entry.probability for entry in sections["sample_predictions"].shown[0].top]
    assert np.allclose(shown, expected, atol=1e-6)


def test_help_lists_every_option_with_its_type_default_and_meaning():
    parameters = inspect.signature(reportgen.build_report).parameters
    assert list(parameters)[:7] == ["model", "samples", "labels", "class_names", "history", "config", "extra"]
    assert {name: parameters[name].default for name in options_of(ReportOptions)} == asdict(DEFAULTS)
    assert str(parameters["bins"]) == "bins: int = 60"
    assert "    bins: Bins of the weight histograms." in reportgen.build_report.__doc__.splitlines()


def test_a_wrong_option_is_told_before_anything_is_read():
    with pytest.raises(TypeError, match=r"there is no option 'layer'\. Did you mean 'layers'\?"):
        reportgen.build_report("no-such-model.keras", layer="conv2d")


def test_a_report_is_one_line_where_it_is_printed(live_model):
    said = repr(reportgen.build_report(live_model, title="Net"))
    assert said.startswith("<Report 'Net': ")
    assert "problem(s)" in said
    assert "\n" not in said


def test_a_report_saves_itself_and_its_numbers(live_model, tmp_path):
    report = reportgen.build_report(live_model)
    assert report.save(tmp_path / "r.html", json_path=tmp_path / "r.json") == tmp_path / "r.html"
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == report.to_html()
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["model"]["name"] == "live"
    assert report._repr_html_().startswith("<iframe")


def test_saving_into_a_missing_folder_is_an_error(live_model, tmp_path):
    with pytest.raises(OutputError, match="the output folder must exist"):
        reportgen.build_report(live_model).save(tmp_path / "none" / "r.html")


def test_errors_are_the_packages_own(live_model):
    with pytest.raises(UsageError, match=r"--bins must be a whole number from 1 to 1000\. Received: 0\."):
        reportgen.build_report(live_model, bins=0)
    with pytest.raises(ModelError, match=r"Received: builtins\.int"):
        reportgen.build_report(3)
    with pytest.raises(SamplesError, match=r"Received: shape \(5, 5\)"):
        reportgen.build_report(live_model, samples=np.zeros((2, 5, 5)))


def test_a_model_with_two_inputs_is_reported_without_samples():
    first, second = keras.Input((4, 4, 1)), keras.Input((2,))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(first))
    model = keras.Model([first, second], keras.layers.Concatenate()([pooled, second]))
    sections = {section.name: section for section in reportgen.build_report(model).sections}
    assert len(sections["filter_grids"].result.grids) == 1
    with pytest.raises(SamplesError, match=r"Received: a source without a name\. Give --samples input_layer"):
        reportgen.build_report(model, samples=np.zeros((1, 4, 4, 1)))


def test_a_model_that_cannot_be_run_is_reported_with_the_reason():
    class Broken(keras.layers.Layer):
        def call(self, inputs):
            del inputs
            raise ValueError("this layer\nnever works")

        def compute_output_spec(self, inputs):
            return keras.KerasTensor(inputs.shape, inputs.dtype)

    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), Broken()])
    report = reportgen.build_report(model, samples=np.zeros((1, 4, 4, 1), np.float32))
    skipped = {section.name: section.reason for section in report.sections if hasattr(section, "reason")}
    assert {"sample_predictions", "feature_maps", "filter_responses", "attribution"} <= set(skipped)
    assert "The model could not run on the samples" in skipped["feature_maps"]
    assert "this layer" in skipped["feature_maps"]
    assert report.samples is None


def test_two_reports_of_the_same_model_have_the_same_bytes(live_model):
    inputs = np.random.default_rng(0).random((12, 6, 6, 1), dtype=np.float32)
    first, second = (reportgen.build_report(live_model, samples=inputs, select="random:3").to_html() for _ in range(2))
    assert first == second


def test_a_page_that_is_too_large_is_an_error_and_nothing_is_written(live_model, tmp_path):
    report = reportgen.build_report(live_model)
    with pytest.raises(OutputError, match=r"the page must have at most 0\.01 MB\. Received: 0\.\d MB\."):
        report.save(tmp_path / "r.html", json_path=tmp_path / "r.json", max_megabytes=0.01)
    assert list(tmp_path.iterdir()) == []


def test_a_report_knows_whether_its_findings_fail_a_gate(live_model):
    report = reportgen.build_report(live_model, config={"rules": {"untrained-layer": {"severity": "warning"}}})
    assert {finding.severity.label for finding in report.findings} == {"warning"}
    assert (report.failed("note"), report.failed("warning"), report.failed("problem")) == (True, True, False)
    with pytest.raises(UsageError, match=r"severity must be one of note, warning, problem\. Received: 'error'\."):
        report.failed("error")


def test_a_report_is_made_with_the_configuration_of_the_working_folder(live_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.reportgen.rules]\nuntrained-layer = false\n", encoding="utf-8")
    report = reportgen.build_report(live_model)
    assert report.findings == ()
    assert {rule.code: rule.set_by for rule in report.rules}["untrained-layer"] == "pyproject.toml"


def test_indices_and_one_name_may_be_given_as_python_has_them(live_model):
    images = np.arange(3 * 36, dtype=np.float32).reshape(3, 6, 6, 1)
    report = reportgen.build_report(live_model, images, select=[2, 0], layers=None, attribution="none")
    assert (report.samples.shown, report.samples.selection) == ((2, 0), "2,0")
    with pytest.raises(UsageError, match="--samples must be given with --select"):
        reportgen.build_report(live_model, select=[0])


def test_the_page_of_a_live_model_names_no_file_that_saved_it(live_model):
    page = reportgen.build_report(live_model, attribution="none").to_html()
    assert "Made from a model in memory: the SHA-256 is over dtype, shape and values of its weights" in page
    assert "Make this page again with the call and the options below." in page
    assert "Saved by" not in page
    assert "sha256sum" not in page


def test_masks_as_labels_give_a_report_without_prediction_quality(live_model):
    images = np.arange(3 * 36, dtype=np.float32).reshape(3, 6, 6, 1)
    for redact in (False, True):
        report = reportgen.build_report(
            live_model, (images, np.zeros((3, 6, 6), int)), attribution="none", redact=redact
        )
        (quality,) = [section for section in report.sections if section.name == "prediction_quality"]
        assert quality.reason == report.samples.unused_labels
        assert quality.reason.startswith("The labels have the shape (3, 6, 6). Only one class, ")
        assert quality.reason in report.samples.steps
        assert report.samples.sha256 == hashlib.sha256(images.tobytes()).hexdigest()
        assert report.samples.labels_sha256 is None


def test_samples_that_are_given_and_not_run_are_a_problem() -> None:
    def fail(inputs: Any) -> Any:
        if inputs.shape[0] is not None:
            raise ValueError("this layer never runs")
        return inputs

    class Failing(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return fail(inputs)

    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), Failing()])
    report = reportgen.build_report(model, np.zeros((3, 6, 6, 1), np.float32))
    (finding,) = [one for one in report.findings if one.code == "samples-not-run"]
    assert (finding.severity, finding.subject, report.failed("problem")) == (Severity.PROBLEM, "samples", True)
    assert finding.message.startswith("the model was not run on them, so nothing that it does was checked: ")
    assert "this layer never runs" in finding.message
    assert "samples-not-run" not in {one.code for one in reportgen.build_report(model).findings}
