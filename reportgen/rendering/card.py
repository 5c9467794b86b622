"""A model card as the Hugging Face hub reads it: metadata whose numbers are the JSON's, and the report in short.

Source: https://huggingface.co/docs/hub/model-cards, https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

from __future__ import annotations

import json
from typing import Any

from reportgen.rendering.markdown import render_markdown
from reportgen.rendering.metrics import metrics_of
from reportgen.rendering.output import CARD_MARK
from reportgen.results import Report, Severity
from reportgen.untrusted.escaping import shown

_QUALITY = "prediction_quality"
# By the kind of what is predicted: the hub's task, and by the hub's name of a metric its words and its place in the JSON
_TASKS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "classification": (
        "image-classification",
        {
            "accuracy": ("Accuracy", "accuracy.value"),
            "f1": ("Macro F1", "macro.f1"),
            "precision": ("Macro precision", "macro.precision"),
            "recall": ("Macro recall", "macro.recall"),
            "expected_calibration_error": ("Expected calibration error", "calibration.error"),
        },
    ),
    "multi_label": (
        "image-classification",
        {
            "exact_match": ("All classes of a sample right", "exact.value"),
            "f1": ("Macro F1", "macro.f1"),
            "hamming_loss": ("Hamming loss", "hamming"),
        },
    ),
    "segmentation": (
        "image-segmentation",
        {"mean_iou": ("Mean IoU", "mean.value"), "pixel_accuracy": ("Pixel accuracy", "pixels.value")},
    ),
    "regression": (
        "other",
        {
            "mae": ("Mean absolute error", "mean_absolute"),
            "rmse": ("Root mean square error", "root_mean_square"),
            "r_squared": ("R squared", "explained"),
        },
    ),
    "images": ("image-to-image", {"psnr": ("PSNR", "psnr.value"), "ssim": ("SSIM", "ssim.value")}),
}


def render_card(report: Report, *, fail_on: Severity | None = None) -> str:
    """Return the model card: the hub's metadata in YAML, then the report in short as Markdown.

    Args:
        report: the report.
        fail_on: the gate; None for none.
    """
    task, results = _results(report)
    metadata: dict[str, Any] = {"library_name": "keras", "tags": ["keras", "reportgen"]}
    metadata |= {"pipeline_tag": task} if task not in ("", "other") else {}
    if results:
        metadata["model-index"] = [{"name": shown(report.provenance.title) or "model", "results": results}]
    # JSON is YAML; a line for each entry is read more easily than one line in all
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in metadata.items()]
    todo = (
        "What the model is for, what it was trained on and where it must not be used stands in no file: write it here."
    )
    return "\n".join(["---", *lines, "---", CARD_MARK, "", render_markdown(report, fail_on=fail_on), todo, ""])


def _results(report: Report) -> tuple[str, list[dict[str, Any]]]:
    """Return the hub's task and the results of what was measured; none without labels."""
    numbers = metrics_of(report)
    for kind, (task, metrics) in _TASKS.items():
        found = [
            {"type": name, "name": words, "value": numbers[f"{_QUALITY}.{kind}.{place}"]}
            for name, (words, place) in metrics.items()
            if f"{_QUALITY}.{kind}.{place}" in numbers
        ]
        if found and report.samples is not None:
            source = shown(report.samples.source) or "samples"
            dataset = {"name": source, "type": source, "args": {"samples": report.samples.evaluated}}
            return task, [{"task": {"type": task}, "dataset": dataset, "metrics": found}]
    return "", []
