"""What a model predicts, told by its head and the labels before it is run."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import reportgen
from reportgen.errors import UsageError
from reportgen.models.graphs import describe_model
from reportgen.run.claimable import predicted_kind
from reportgen.samples.labels import ClassLabels, LabelSets, PictureTargets, Targets

WHOLE = np.array([0, 1, 2])


def dense(outputs: int, activation: str) -> Any:
    return describe_model(keras.Sequential([keras.Input((4,)), layers.Dense(outputs, activation=activation)]))


@pytest.mark.parametrize(
    ("outputs", "activation", "labels", "kind"),
    [
        (3, "softmax", ClassLabels(WHOLE), ("classes", 3)),
        (3, "softmax", None, ("classes", 3)),
        (3, "linear", None, (None, None)),
        (1, "sigmoid", ClassLabels(WHOLE), ("classes", 2)),
        (1, "linear", ClassLabels(np.array([0, 1, 1])), ("classes", 2)),
        (1, "linear", ClassLabels(WHOLE), (None, None)),
        (1, "linear", Targets(WHOLE / 2), ("number", 1)),
        (3, "linear", Targets(np.ones((2, 3))), ("numbers", 3)),
        (3, "sigmoid", LabelSets(np.ones((2, 3), bool)), ("sets", 3)),
        (3, "linear", PictureTargets(np.zeros((2, 4, 4), np.uint8), (), 5), ("masks", 5)),
        (3, "linear", PictureTargets(np.zeros((2, 4, 4, 1))), ("images", None)),
    ],
)
def test_labels_and_head_tell_what_is_predicted(outputs: int, activation: str, labels: Any, kind: tuple) -> None:
    assert predicted_kind(dense(outputs, activation), labels) == kind


def test_a_claim_that_the_model_cannot_have_ends_before_it_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was run")

    monkeypatch.setattr("reportgen.building.context.evaluate_samples", run)
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    with pytest.raises(
        UsageError, match="--expect must name one of accuracy, recall, precision, f1, as the model predicts"
    ):
        reportgen.build_report(model, np.zeros((4, 6, 6, 1)), labels=[0, 1, 2, 0], expect="mae=0.5")
