"""The section on the training, from hand-made results."""

import re
from dataclasses import replace

import numpy as np
import pytest

from reportgen.analyses.training.results import MetricCurve, TrainingResult
from reportgen.rendering import render_html
from reportgen.results import Lines, Report, Section

X = np.array([1.0, 2.0, 3.0])
LOSS = MetricCurve(
    "loss", Lines(X, {"training": X[::-1], "validation": X}, "epoch", "loss", 1.0), 1.0, 3.0, 1, 1.0, on_validation=True
)
ACCURACY = MetricCurve("<acc>", Lines(X, {"training": X / 4}, "epoch", "<acc>", 3.0), 0.75, None, 3, 0.75, False)
FULL = TrainingResult("Adam", 0.001, "CosineDecay", "mse", ("mae", "auc"), 12345, True, 3, 3, (LOSS, ACCURACY), ("lr",))


@pytest.fixture
def said(report: Report):
    """Return a function that gives the section's text and line on the page of a result."""

    def text(result: TrainingResult) -> str:
        page = render_html(replace(report, sections=(*report.sections, Section("training", "Training", result))))
        body = page.partition('<h3 id="training-heading">')[2].partition("</details>\n  <details")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", body.partition("Permalink to")[0]).split())

    return text


def test_setup_and_curves_are_said_with_their_numbers(said):
    text = said(FULL)
    assert "Adam , 12,345 steps; loss mse . History of 3 epochs." in text
    assert "Optimiser Adam learning rate 0.00100 Schedule CosineDecay Loss mse Metrics mae, auc" in text
    assert (
        "loss on validation data is best at epoch 1 (upright line): 1.00. At the end 3.00, on training data 1.00."
        in text
    )
    assert "&lt;acc&gt; on training data is best at epoch 3 (upright line): 0.750. At the end 0.750." in text
    assert "Not drawn: lr." in text


def test_what_is_not_known_is_said_to_be_unknown(said):
    text = said(TrainingResult(compiled=True))
    assert "Unknown optimiser; loss unknown ; steps unknown." in text
    assert "Optimiser unknown Loss unknown Steps of the optimiser unknown" in text
    assert "epoch" not in text.partition("How to read this")[0]


def test_a_history_alone_says_that_there_is_no_setup(said):
    text = said(TrainingResult(epochs=3, last_epoch=3, curves=(ACCURACY,)))
    assert "The model holds no training configuration." in text
    assert "Optimiser unknown" not in text
