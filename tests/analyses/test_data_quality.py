"""What the samples are worth as a test: copies, contradictions and blanks, and what is said of them."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, context, evaluated_samples, live_context
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.data_quality import DataQuality
from reportgen.analyses.data_quality.results import CopiedSample, DataQualityResult, DoubtedLabels, DoubtedSample
from reportgen.analyses.data_quality.rules import BLANK, CONFLICT, COPIES, GAP, LEAKED, REVERSED, findings
from reportgen.measures.intervals import measure, rate_difference
from reportgen.results import WRONG_INPUTS
from reportgen.results.findings import Severity
from reportgen.results.redaction import marks
from reportgen.samples import Accepts, open_samples

DIFFERENT = np.random.default_rng(1).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8)
IMAGES = np.concatenate([DIFFERENT, DIFFERENT[:3]])
LABELS = np.concatenate([np.arange(20) % 2, [0, 0, 0]])
OUTPUTS = np.eye(2)[np.concatenate([np.zeros(20, int), [0, 1, 0]])]
"""Always class 0, but for the copy of sample 1."""


def run(images: np.ndarray = IMAGES, **given: Any) -> Any:
    return DataQuality().run(context(evaluated_samples(images, **given)))


@pytest.fixture(scope="module")
def result() -> DataQualityResult:
    return run(labels=LABELS, outputs=OUTPUTS, first=100)


def test_copies_are_counted_and_those_with_other_labels_stand_first(result: DataQualityResult) -> None:
    assert (result.evaluated, result.compared, result.exact, result.near, result.conflicting) == (23, 23, 3, 0, 1)
    assert result.copies == (
        CopiedSample(121, 101, 1.0, True, ("class 0", "class 1")),
        CopiedSample(120, 100, 1.0, True, None),
        CopiedSample(122, 102, 1.0, True, None),
    )
    assert (result.largest, result.smallest) == (13, 10)


def test_the_accuracy_of_the_different_samples_counts_each_once(result: DataQualityResult) -> None:
    assert result.accuracy == measure(12, 23)
    assert result.distinct == measure(10, 20)


def test_copies_stand_beside_their_originals(result: DataQualityResult) -> None:
    assert result.pictures is not None
    left, right = result.pictures.panels
    assert np.array_equal(left.images, right.images)
    assert np.array_equal(left.images[0], DIFFERENT[1, ..., 0])
    assert result.pictures.labels[0] == "121 = 101"


def test_the_findings_say_how_many_and_what_is_left(result: DataQualityResult) -> None:
    copies, conflict = findings(result, LIMITS)
    assert (copies.code, copies.severity, conflict.code) == (COPIES.code, Severity.WARNING, CONFLICT.code)
    assert copies.message == (
        "3 of 23 samples are copies of others, 3 of them exact (13.0%, limit 5%); on the 20 different ones the accuracy is 50.0% "
        f"({measure(10, 20).low:.1%} to {measure(10, 20).high:.1%})"
    )
    assert copies.action == "Remove the 3 copies: 20 different samples remain."
    assert conflict.message == "1 sample has the values of an earlier one and another label (limit 0)"
    assert list(findings(result, {**LIMITS, COPIES.code: 0.2, CONFLICT.code: 1})) == []


def test_different_samples_have_no_finding_whatever_their_labels() -> None:
    for given in ({}, {"labels": LABELS[:20], "outputs": OUTPUTS[:20]}, {"targets": np.arange(20)}):
        found = run(DIFFERENT, **given)
        assert list(findings(found, LIMITS)) == []
        assert (found.copied, found.copies, found.pictures, found.blank) == (0, (), None, 0)
    assert (found.accuracy, found.distinct, found.largest) == (None, None, None)


def test_blank_pictures_are_named_and_sequences_of_one_value_are_not() -> None:
    blank = DIFFERENT.copy()
    blank[4], blank[9] = 0, 0
    found = run(blank, first=50)
    assert (found.blank, found.blank_indices, found.exact) == (2, (54, 59), 0)
    (one,) = findings(found, LIMITS)
    assert (one.code, one.message) == (
        BLANK.code,
        "2 of 20 samples have one value everywhere (10.0%, limit 0%), the first of index 54",
    )
    assert (one.severity, one.explains) == (Severity.WARNING, False)
    assert list(findings(run(blank[..., 0].reshape(20, 64)), LIMITS)) == []


def test_samples_that_are_all_blank_are_a_problem_which_explains_what_the_model_does_on_them() -> None:
    (one,) = findings(run(np.zeros_like(DIFFERENT)), LIMITS)
    assert (one.code, one.severity, one.explains) == (BLANK.code, Severity.PROBLEM, True)
    assert one.action == "Read the samples again: nothing about the model follows from these."
    assert "blank-samples" in WRONG_INPUTS


def test_sets_of_classes_that_differ_contradict_one_another() -> None:
    sets = np.zeros((23, 2), bool)
    sets[20] = True
    found = run(labels=sets, outputs=np.full((23, 2), 0.2))
    assert found.conflicting == 1
    assert found.copies[0].labels == ("class 0, class 1", "none")


def test_a_model_of_several_inputs_and_no_samples_are_skipped() -> None:
    samples = evaluated_samples(IMAGES, pack=lambda values, positions: [values, positions])
    assert DataQuality().run(context(samples)).reason.startswith("The model has several inputs")
    assert DataQuality().run(context()) == Skip("Give --samples.")


def test_a_share_at_the_limit_is_no_finding() -> None:
    at = replace(run(DIFFERENT), exact=1)
    assert list(findings(at, LIMITS)) == []
    assert [one.code for one in findings(replace(at, exact=2), LIMITS)] == [COPIES.code]


BRIGHT = np.random.default_rng(2).integers(0, 2, 60)
TEST = (np.random.default_rng(3).random((60, 8, 8, 1)) / 2 + BRIGHT[:, None, None, None] / 2).astype(np.float32)


@pytest.fixture(scope="module")
def trained_on() -> Any:
    """Return a function that gives the result of a model that says 1 for bright pictures, with these training samples."""
    scores = layers.Dense(2, activation="softmax")
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), scores])
    scores.set_weights([np.stack([np.zeros(64), np.full(64, 1 / 64)], axis=1), np.array([0, -0.5])])

    def result(images: np.ndarray, labels: Any, *, test_labels: Any = BRIGHT, **given: Any) -> DataQualityResult:
        train = open_samples((images, labels), Accepts(input_shape=(8, 8, 1)))
        found = DataQuality().run(live_context(model, TEST, labels=test_labels, first=100, train=train, **given))
        assert isinstance(found, DataQualityResult)
        return found

    return result


def test_test_samples_among_the_training_samples_are_named(trained_on: Any) -> None:
    fresh = np.random.default_rng(4).random((200, 8, 8, 1)).astype(np.float32)
    fresh[150], fresh[7] = TEST[3], 0.9 * TEST[5] + 0.01
    result = trained_on(fresh, np.zeros(200, int))
    training = result.training
    assert (training.count, training.compared, training.exact, training.near) == (200, 200, 1, 1)
    exact, near = training.copies
    assert (exact.index, exact.of, exact.exact) == (103, 150, True)
    assert (near.index, near.of, near.exact) == (105, 7, False)
    assert training.pictures.labels == ("103 = 150", "105 = 7")
    (leaked,) = (one for one in findings(result, LIMITS) if one.code == LEAKED.code)
    assert (leaked.severity, leaked.message) == (
        Severity.PROBLEM,
        "2 of 60 samples are among 200 training samples, 1 exactly (3.3%, limit 1%)",
    )
    assert leaked.action == "Remove them from the test, then run the report again on the 58 others."
    all_of_them = replace(result, compared=2)
    (leaked,) = (one for one in findings(all_of_them, LIMITS) if one.code == LEAKED.code)
    assert leaked.action == "Test on other samples: all of these were trained on."


def test_the_accuracy_on_training_samples_is_that_of_a_draw_with_the_difference(trained_on: Any) -> None:
    train = np.concatenate([TEST / 2, TEST / 2 + 0.5])
    labels = (train.mean(axis=(1, 2, 3)) > 0.5).astype(int)
    labels[::4] ^= 1
    result = trained_on(train, labels)
    drawn = np.sort(np.random.default_rng(0).permutation(120)[:60])
    right = (train[drawn].mean(axis=(1, 2, 3)) > 0.5) == labels[drawn]
    assert result.training.accuracy == measure(int(right.sum()), 60)
    assert (result.training.low, result.training.high) == rate_difference(result.training.accuracy, result.accuracy)
    assert trained_on(train, labels, effort="quick").training.accuracy is None


def test_a_model_that_is_certainly_better_on_its_training_samples_is_noted(trained_on: Any) -> None:
    other = np.random.default_rng(5).integers(0, 2, 60)
    train = np.random.default_rng(6).random((80, 8, 8, 1)).astype(np.float32)
    labels = (train.mean(axis=(1, 2, 3)) > 0.5).astype(int)
    result = trained_on(train, labels, test_labels=other)
    (gap,) = findings(result, LIMITS)
    assert (gap.code, gap.severity) == (GAP.code, Severity.NOTE)
    assert gap.message == (
        f"100.0% of 60 training samples are right, {result.accuracy.value:.1%} of the test samples: at least "
        f"{result.training.low:.1%} more (limit 10%)"
    )
    assert list(findings(trained_on(train, labels), LIMITS)) == []


def test_a_model_that_is_certainly_better_on_its_test_samples_is_noted(trained_on: Any) -> None:
    train = np.random.default_rng(6).random((80, 8, 8, 1)).astype(np.float32)
    labels = (train.mean(axis=(1, 2, 3)) > 0.5).astype(int)
    result = trained_on(train, 1 - labels)
    (found,) = findings(result, LIMITS)
    assert (found.code, found.severity) == (REVERSED.code, Severity.NOTE)
    assert found.message == (
        f"{result.accuracy.value:.1%} of the test samples are right, 0.0% of 60 training samples: at least "
        f"{-result.training.high:.1%} fewer (limit 10%)"
    )


def test_labels_that_the_model_doubts_are_listed_with_pictures_and_raise_nothing() -> None:
    true = np.arange(60) % 3
    images = np.random.default_rng(5).integers(0, 256, (60, 8, 8, 1)).astype(np.uint8)
    outputs = np.full((60, 3), 0.05) + 0.85 * np.eye(3)[true]
    labels = true.copy()
    labels[[7, 20]] = (labels[[7, 20]] + 1) % 3
    outputs[20] = [0.01, 0.01, 0.98]
    result = run(images, labels=labels, outputs=outputs, first=100, class_names=("cat", "dog", "emu"))
    assert (result.labels.checked, result.labels.doubted) == (60, 2)
    assert result.labels.samples == (
        DoubtedSample(120, "cat", "emu", pytest.approx(-0.97)),
        DoubtedSample(107, "emu", "dog", pytest.approx(-0.85)),
    )
    assert result.labels.pictures.labels == ("120", "107")
    assert list(findings(result, LIMITS)) == []
    redacted = marks(DoubtedSample)
    assert (redacted.sorted_by, redacted.becomes["label"]("cat"), redacted.becomes["answer"]("dog")) == (
        "index",
        "",
        "",
    )
    assert marks(DoubtedLabels).becomes["pictures"](result.labels.pictures) is None


def test_a_model_that_is_hardly_right_and_few_samples_say_nothing_of_labels() -> None:
    assert run(IMAGES, labels=LABELS, outputs=OUTPUTS).labels is None
    even = np.repeat(IMAGES, 3, axis=0)
    assert run(even, labels=np.repeat(LABELS, 3), outputs=np.repeat(OUTPUTS, 3, axis=0)).labels is None


def test_moved_and_mirrored_copies_are_found_by_the_last_hidden_layer() -> None:
    images = np.random.default_rng(6).random((30, 8, 8, 1)).astype(np.float32)
    images = np.concatenate([images, images[4:5, :, ::-1], np.roll(images[5:6], 1, axis=1)])
    pool = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 1, activation="relu", name="conv")])
    pool.layers[-1].set_weights([np.linspace(0.5, 2, 4).reshape(1, 1, 1, 4), np.array([0, -0.3, -0.6, -0.9])])
    given = live_context(keras.Sequential([pool, layers.GlobalAveragePooling2D(), layers.Dense(2)]), images)
    result = DataQuality().run(given)
    assert (result.exact, result.near, result.moved, result.embedded) == (0, 0, 2, 32)
    assert result.layer.endswith("conv")
    assert [(copy.index, copy.of, copy.exact, copy.moved) for copy in result.copies] == [
        (30, 4, False, True),
        (31, 5, False, True),
    ]
    (found,) = findings(result, LIMITS)
    assert (found.code, found.evidence["moved"], found.evidence["copies"]) == (COPIES.code, 2, 2)
