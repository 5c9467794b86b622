"""The model card: metadata that the hub's own library reads, with the JSON's numbers, and never over what others wrote."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hand_built import HOSTILE, hostile_report, skipped_report

import reportgen
from reportgen.cli.outcome import Outcome
from reportgen.errors import OutputError, UsageError
from reportgen.rendering.card import render_card
from reportgen.rendering.json import render_json
from reportgen.rendering.junit import render_junit
from reportgen.rendering.markdown import render_markdown
from reportgen.rendering.output import check_card
from reportgen.results.findings import Severity
from reportgen.results.report import Report

hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub reads model cards")


def metadata_of(card: str) -> Any:
    """Return a card's metadata as huggingface_hub reads it, and checks it, offline."""
    read = hub.ModelCard(card)
    assert read.data.to_dict()["library_name"] == "keras"
    return read.data


def test_the_numbers_are_those_of_the_json(report: Report) -> None:
    data = metadata_of(render_card(report))
    quality = next(
        one["result"] for one in json.loads(render_json(report))["sections"] if one["name"] == "prediction_quality"
    )["classification"]
    assert data.pipeline_tag == "image-classification"
    assert (data.model_name, data.tags) == ("A tiny model", ["keras", "reportgen"])
    assert [(one.metric_type, one.metric_name, one.metric_value) for one in data.eval_results] == [
        ("accuracy", "Accuracy", quality["accuracy"]["value"]),
        ("f1", "Macro F1", quality["macro"]["f1"]),
        ("precision", "Macro precision", quality["macro"]["precision"]),
        ("recall", "Macro recall", quality["macro"]["recall"]),
        ("expected_calibration_error", "Expected calibration error", quality["calibration"]["error"]),
    ]
    assert quality["accuracy"]["value"] == 0.8
    assert {(one.dataset_name, one.dataset_type, one.task_type) for one in data.eval_results} == {
        ("tiny.npz, array x", "tiny.npz, array x", "image-classification")
    }
    assert data.eval_results[0].dataset_args == {"samples": 5}


def test_the_hubs_library_writes_the_same_metadata_again(report: Report) -> None:
    data = metadata_of(render_card(report))
    again = hub.ModelCardData(**{name: value for name, value in data.__dict__.items() if value is not None})
    assert again.to_dict() == data.to_dict()


def test_below_it_stands_the_report_in_short(report: Report) -> None:
    card = render_card(report)
    assert render_markdown(report) in card
    assert hub.ModelCard(card).text.endswith("write it here.\n")


def test_without_labels_there_are_no_results() -> None:
    data = metadata_of(render_card(skipped_report()))
    assert (data.eval_results, data.pipeline_tag) == (None, None)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_texts_of_the_metadata(name: str, report: Report) -> None:
    named = replace(report, provenance=replace(report.provenance, title=name))
    named = replace(named, samples=replace(report.samples, source=name))
    data = metadata_of(render_card(named))
    assert data.to_dict().keys() == {"library_name", "tags", "pipeline_tag", "model-index"}
    assert data.eval_results[0].dataset_name == data.model_name
    assert data.model_name.isprintable()
    metadata_of(render_card(hostile_report()))


def test_a_card_replaces_cards_alone(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    check_card(path)
    path.write_text("# My project\n", encoding="utf-8")
    with pytest.raises(OutputError, match=r"Received: README.md, which reportgen did not write."):
        check_card(path)
    path.write_text(render_card(report), encoding="utf-8")
    check_card(path)
    path.write_text("", encoding="utf-8")
    check_card(path)


def test_where_a_card_cannot_be_written_nothing_else_is(report: Report, tmp_path: Path) -> None:
    whole = reportgen.Report(report.provenance, report.model, report.samples, report.sections)
    page, card, junit = (tmp_path / name for name in ("report.html", "README.md", "junit.xml"))
    page.write_text("older", encoding="utf-8")
    card.write_text("# My project\n", encoding="utf-8")
    with pytest.raises(OutputError):
        whole.save(page, also={"card": card, "junit": junit})
    with pytest.raises(OutputError):
        Outcome(output=page, card=card).check()
    assert (page.read_text(encoding="utf-8"), card.read_text(encoding="utf-8")) == ("older", "# My project\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "report.html"]
    card.unlink()
    assert whole.save(page, also={"card": card, "junit": junit}, fail_on="note") == page
    assert card.read_text(encoding="utf-8") == render_card(whole, fail_on=Severity.NOTE)
    assert junit.read_text(encoding="utf-8") == render_junit(whole, fail_on=Severity.NOTE)
    with pytest.raises(UsageError, match=r"also must name forms of html, json, .*Received: 'docx'\."):
        whole.save(page, also={"docx": "x"})
