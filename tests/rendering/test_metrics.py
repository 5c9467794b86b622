"""Flat numbers: the JSON's own, under names that MLflow and DVC take."""

import json
import re
from dataclasses import replace

from hand_built import hostile_report

from reportgen.rendering.json import render_json
from reportgen.rendering.metrics import metrics_of, render_metrics
from reportgen.results.report import Report


def test_counts_totals_and_the_quality_are_numbers_of_the_json(report: Report) -> None:
    metrics = json.loads(render_metrics(report))
    assert {name: value for name, value in metrics.items() if not name.startswith("prediction_quality.")} == {
        "findings.problem": 0, "findings.warning": 1, "findings.note": 0, "findings.inconclusive": 1,
        "findings.silent-channels": 1, "model.parameters": 30, "model.trainable_parameters": 20, "model.layers": 2,
        "samples.total": 5, "samples.evaluated": 5,
    }  # fmt: skip
    document = json.loads(render_json(report))
    quality = next(one["result"] for one in document["sections"] if one["name"] == "prediction_quality")
    accuracy = quality["classification"]["accuracy"]
    assert accuracy["value"] == 0.8
    for name in ("value", "low", "high"):
        assert metrics[f"prediction_quality.classification.accuracy.{name}"] == accuracy[name]
    assert not any("pictures" in name for name in metrics)


def test_names_are_those_that_tracking_servers_take() -> None:
    metrics = metrics_of(hostile_report())
    assert all(re.fullmatch(r"[A-Za-z0-9_./-]+", name) for name in metrics)
    assert all(isinstance(value, int | float) and not isinstance(value, bool) for value in metrics.values())


def test_without_samples_there_are_no_numbers_of_them(report: Report) -> None:
    metrics = metrics_of(replace(report, samples=None, sections=()))
    assert not any(name.startswith(("samples.", "prediction_quality.")) for name in metrics)
