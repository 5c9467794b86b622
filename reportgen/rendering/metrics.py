"""The numbers of a report or a comparison as one flat JSON object, as MLflow, DVC and the like take metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.rendering.json import render_comparison_json, render_json
from reportgen.results import Comparison, Report, Severity

_QUALITY = "prediction_quality"


def metrics_of(report: Report) -> dict[str, float]:
    """Return numbers by name, such as 'prediction_quality.classification.accuracy.value': those that the JSON has, rounded alike.

    They are the counts of findings by severity and by rule, the model's and the samples' totals, and every single number of the
    prediction quality; lists, such as one number for each class, are left out, and what is not finite.
    """
    document = json.loads(render_json(report))
    found = [finding.severity for finding in report.findings]
    metrics: dict[str, float] = {f"findings.{one.label}": found.count(one) for one in reversed(Severity)}
    metrics["findings.inconclusive"] = len(report.inconclusive)
    for finding in report.findings:
        name = f"findings.{finding.code}"
        metrics[name] = metrics.get(name, 0) + 1
    results = {section["name"]: section["result"] for section in document["sections"]}
    for part, values in {
        "model": document["model"],
        "samples": {name: (document["samples"] or {}).get(name) for name in ("total", "evaluated")},
        _QUALITY: results.get(_QUALITY),
    }.items():
        metrics |= dict(_numbers(values, part))
    return _named(metrics)


def comparison_metrics_of(comparison: Comparison) -> dict[str, float]:
    """Return numbers by name, such as 'answers.rates.difference': those that the JSON has, rounded alike.

    They are whether the new model regressed, the counts of findings that are new, gone and the same, both models' totals, every
    single number of the answers and the calibration, and each kernel's distance.
    """
    document = json.loads(render_comparison_json(comparison))
    results = {section["name"]: section["result"] for section in document["sections"]}
    metrics: dict[str, float] = {"regressed": int(comparison.regressed)}
    if changed := comparison.result_of("finding_changes"):
        metrics |= {f"findings.{became}": len(rows) for became, rows in changed.groups.items()}
    for name, values in {
        **{name: document[name]["model"] for name in comparison.sides},
        "samples": {name: (document["samples"] or {}).get(name) for name in ("total", "evaluated")},
        "answers": results["answers"],
        "calibration": results["calibration_change"],
    }.items():
        metrics |= dict(_numbers(values, name))
    for kernel in (results["weight_changes"] or {}).get("kernels", ()):
        metrics |= dict(_numbers({"distance": kernel["distance"]}, f"weights.{kernel['label']}"))
    return _named(metrics)


def render_metrics(report: Report | Comparison) -> str:
    """Return `metrics_of`, or `comparison_metrics_of`, as JSON, a line for each."""
    metrics = metrics_of(report) if isinstance(report, Report) else comparison_metrics_of(report)
    return json.dumps(metrics, indent=1) + "\n"


def _named(metrics: Mapping[str, float]) -> dict[str, float]:
    return {re.sub(r"[^A-Za-z0-9_./-]", "_", name): value for name, value in metrics.items()}


def _numbers(value: Any, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping) and "tile_shape" in value:  # pictures
        return
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _numbers(one, f"{path}.{name}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value
