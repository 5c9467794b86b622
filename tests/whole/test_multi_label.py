"""Labels that name any number of classes, from every kind of source to the page."""

import json
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import schemas
import tensorflow as tf
from keras import layers

from reportgen.api import build_report
from reportgen.errors import SamplesError
from reportgen.results.report import Report, Section

NAMES = ("left", "middle", "right")
IMAGES = np.random.default_rng(3).integers(0, 256, (60, 4, 3, 1), dtype=np.uint8)
LOGITS = 40 * (IMAGES.mean(axis=(1, 3)) / 255 - 0.5)
SETS = (LOGITS > 0).astype(np.uint8)  # a class is there where its column is bright
SETS[0] = 1 - SETS[0]


def model_of(activation: str | None) -> Any:
    """Return a model with a score for each column, by its mean brightness."""
    convolution, scores = layers.Conv2D(1, 1, name="conv"), layers.Dense(3, activation=activation, name="scores")
    model = keras.Sequential([keras.Input((4, 3, 1)), convolution, layers.Flatten(), scores])
    convolution.set_weights([np.ones((1, 1, 1, 1), np.float32), np.zeros(1, np.float32)])
    kernel = np.tile(np.eye(3), (4, 1)) * 10
    scores.set_weights([kernel.astype(np.float32), np.full(3, -20, np.float32)])
    return model


def report_on(samples: Any, activation: str | None = "sigmoid", **given: Any) -> Report:
    options = {"class_names": NAMES, "attribution": (), "redraws": 5} | given
    return build_report(model_of(activation), samples, **options)


def section(report: Report, name: str) -> Any:
    (found,) = [one for one in report.sections if one.name == name]
    assert isinstance(found, Section)
    return found.result


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_rows_of_0_and_1_are_the_classes_of_each_sample(activation: str | None) -> None:
    report = report_on((IMAGES, SETS), activation)
    quality = section(report, "prediction_quality").multi_label
    assert (quality.exact.successes, quality.exact.trials) == (59, 60)
    shown = section(report, "sample_predictions").shown
    assert [sample.index for sample in shown] == list(dict.fromkeys(int(SETS[:, c].argmax()) for c in range(3)))
    first = next(sample for sample in shown if sample.index == 0)
    assert (first.index, first.correct, first.label) == (0, False, None)
    assert first.classes == tuple(NAMES[c] for c in np.flatnonzero(SETS[0]))
    assert first.predicted == tuple(NAMES[c] for c in np.flatnonzero(1 - SETS[0]))
    note = "Labels: the labels given with the samples. Each row of 0 and 1 was taken as its sample's classes:"
    assert any(step.startswith(note) for step in report.samples.steps)


def test_files_streams_and_arrays_beside_one_another_give_the_same(tmp_path: Path) -> None:
    np.savez(tmp_path / "both.npz", x_test=IMAGES, y_test=SETS)
    np.save(tmp_path / "x.npy", IMAGES)
    np.save(tmp_path / "y.npy", SETS.astype(np.float32))
    np.save(tmp_path / "part.npy", IMAGES[:30])
    np.save(tmp_path / "rest.npy", IMAGES[30:])
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, SETS)).batch(16)
    expected = section(report_on((IMAGES, SETS)), "prediction_quality").multi_label
    parts = [tmp_path / "part.npy", tmp_path / "rest.npy"]
    for samples, labels in (
        (tmp_path / "both.npz", None),
        (tmp_path / "x.npy", tmp_path / "y.npy"),
        (parts, SETS.tolist()),
        (dataset, None),
        (iter([(IMAGES, SETS)]), None),
    ):
        quality = section(report_on(samples, labels=labels), "prediction_quality").multi_label
        assert (quality.exact, quality.classes, quality.loss) == (expected.exact, expected.classes, expected.loss)


def test_sources_with_labels_of_their_own_are_put_one_after_the_other(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_test=IMAGES[:30], y_test=SETS[:30])
    np.savez(tmp_path / "b.npz", x_test=IMAGES[30:], y_test=SETS[30:])
    np.savez(tmp_path / "c.npz", x_test=IMAGES[30:], y_test=SETS[30:, 0])
    quality = section(report_on([tmp_path / "a.npz", tmp_path / "b.npz"]), "prediction_quality").multi_label
    assert quality.exact.trials == 60
    with pytest.raises(SamplesError, match=r"Received: 3 classes in rows in a.npz.*one class for each sample in c.npz"):
        report_on([tmp_path / "a.npz", tmp_path / "c.npz"])


def test_one_hot_rows_are_sets_behind_a_sigmoid_and_class_numbers_elsewhere() -> None:
    one_hot = np.eye(3, dtype=np.uint8)[LOGITS.argmax(axis=1)]
    assert section(report_on((IMAGES, one_hot)), "prediction_quality").multi_label.labels == 1
    for activation in (None, "softmax"):
        result = section(report_on((IMAGES, one_hot), activation), "prediction_quality")
        assert result.classification.accuracy.value == 1


@pytest.mark.parametrize(
    ("activation", "sets", "message"),
    [
        ("softmax", SETS, "need a model with an independent score for each class, as of a sigmoid"),
        ("sigmoid", SETS[:, :2], "a column for each of the model's 3 classes. Received: rows of 2"),
        ("sigmoid", SETS[:50], "labels must be as many as the samples, 60. Received: 50"),
        ("sigmoid", SETS * 2, "must be one-hot"),
    ],
)
def test_rows_that_do_not_fit_are_an_error_with_a_remedy(activation: str, sets: np.ndarray, message: str) -> None:
    with pytest.raises(SamplesError, match=message):
        report_on((IMAGES, sets), activation)


def test_a_model_without_a_graph_whose_scores_sum_to_1_is_refused() -> None:
    class Subclassed(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model_of("softmax")

        def call(self, inputs: Any) -> Any:
            return tf.nn.softmax(self.inner(inputs))

    model = Subclassed()
    model(IMAGES[:1].astype(np.float32))
    with pytest.raises(SamplesError, match=r"outputs are the probabilities of one. Received: \d classes for sample"):
        build_report(model, (IMAGES, SETS), attribution=(), redraws=5)


def test_samples_are_selected_by_their_classes_and_by_their_loss() -> None:
    def chosen(select: str, sets: np.ndarray = SETS) -> list[int]:
        return [
            sample.index for sample in section(report_on((IMAGES, sets), select=select), "sample_predictions").shown
        ]

    probability = 1 / (1 + np.exp(-LOGITS))
    losses = -np.log(np.where(SETS == 1, probability, 1 - probability)).mean(axis=1)
    assert chosen("hardest:3") == np.argsort(-losses)[:3].tolist()
    assert chosen("easiest:3") == np.argsort(losses)[:3].tolist()
    expected = [index for c in range(3) for index in np.flatnonzero(SETS[:, c])[:2].tolist()]
    assert chosen("per-class:2") == list(dict.fromkeys(expected))
    assert chosen("per-class:2", np.zeros_like(SETS)) == [0, 1]


def test_other_scalings_and_the_masked_run_count_exact_matches() -> None:
    mostly_wrong = np.concatenate([1 - SETS[:40], SETS[40:]])
    check = section(report_on((IMAGES, mostly_wrong)), "preprocessing_check")
    assert check.exact
    assert (check.declared.successes, check.declared.trials) == (21, 60)
    inverted = next(one for one in check.variants if one.name == "inverted")
    exact = ((255.0 - IMAGES).mean(axis=(1, 3)) > 127.5) == mostly_wrong
    assert inverted.accuracy.successes == exact.all(axis=1).sum() == 39
    logits = section(report_on((IMAGES, mostly_wrong), None), "preprocessing_check")
    assert logits.declared == check.declared


def test_the_page_and_the_json_tell_the_classes() -> None:
    report = report_on((IMAGES, SETS), attribution=("hirescam",))
    page = report.to_html()
    assert "Of 60 labelled samples, 59 have exactly the classes that were predicted: 98.3%" in page
    assert "All classes of a sample right: 98.3%" in page.split("<section", 2)[1]
    assert "Right: all classes of a sample are predicted, and no others." in page
    assert "Calibration error over all classes, 180 predictions" in page
    (method,) = section(report, "attribution").methods
    chosen = SETS[list(report.samples.shown)][: len(method.samples)].astype(bool)
    assert [one.classes for one in method.samples] == [tuple(np.array(NAMES)[row]) for row in chosen]
    assert {len(one.classes) for one in method.samples} >= {1, 2}
    assert re.search(r"<td class=\"text\">left \(labelled left, \w+\)</td>", page)
    document = json.loads(report.to_json())
    schemas.REPORT.validate(document)
    result = next(one["result"] for one in document["sections"] if one["name"] == "prediction_quality")
    left = result["multi_label"]["classes"][0]
    assert left["name"] == "left"
    assert (
        sum(left[f"{kind}"] for kind in ("true_positives", "false_positives", "false_negatives", "true_negatives"))
        == 60
    )


def test_a_redacted_report_names_no_sample_and_no_samples_classes() -> None:
    report = report_on((IMAGES, SETS), redact=True)
    assert {sample.classes for sample in section(report, "sample_predictions").shown} == {None}
    assert {sample.predicted for sample in section(report, "sample_predictions").shown} == {None}
    quality = section(report, "prediction_quality")
    assert {(sample.label, sample.predicted) for sample in quality.worst} == {("", "")}
    assert (quality.multi_label.exact.successes, quality.pictures) == (59, None)
    assert "have exactly the classes that were predicted" in report.to_html()
