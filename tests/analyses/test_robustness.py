"""Samples that are changed and run again: what is measured, what it may cost, and what is said of it."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, live_context
from keras import layers

from reportgen.analyses.base import AnalysisContext, Skip
from reportgen.analyses.robustness import Robustness
from reportgen.analyses.robustness.results import ChangedAccuracy, RobustnessResult
from reportgen.analyses.robustness.rules import SMALL, VISIBLE, findings
from reportgen.measures.corruptions import corruptions
from reportgen.measures.intervals import measure
from reportgen.measures.paired import mcnemar_exact, paired_difference
from reportgen.results.findings import Finding, Inconclusive, LayerSummary, Severity
from reportgen.results.plottables import Palette

BRIGHT = np.arange(60) % 2
IMAGES = np.zeros((60, 10, 10, 1), np.float32)
IMAGES[:, :, 4:6] = np.where(BRIGHT, 0.9, 0.6)[:, None, None, None]
"""A bright or a dim stripe in the middle: the columns 4 and 5."""


def measured_on(model: Any, images: np.ndarray | None, **given: Any) -> AnalysisContext:
    """Return the context of a model on pictures that are stored within 0 to 1."""
    context = live_context(model, images, **given)
    if context.samples is None:
        return context
    summary = replace(context.samples.summary, stored_range=(0.0, 0.9))
    return replace(context, samples=replace(context.samples, summary=summary))


@pytest.fixture(scope="module")
def column() -> Any:
    """Return a model that says 1 where the mean of the middle columns is over 0.75, so that a shift sideways loses it."""
    scores = layers.Dense(2, activation="softmax")
    built = keras.Sequential([keras.Input((10, 10, 1)), layers.Flatten(), scores])
    kernel = np.zeros((100, 2), np.float32)
    kernel.reshape(10, 10, 2)[:, 4:6, 1] = 1 / 20
    scores.set_weights([100 * kernel, np.array([0, -75], np.float32)])
    return built


@pytest.fixture(scope="module")
def result(column: Any) -> RobustnessResult:
    return Robustness().run(measured_on(column, IMAGES, labels=BRIGHT))


def by_name(result: RobustnessResult) -> dict[str, ChangedAccuracy]:
    return {one.name: one for one in result.changes}


def test_accuracies_are_those_of_the_changed_pictures_run_by_hand(column: Any, result: RobustnessResult) -> None:
    order = np.random.default_rng(0).permutation(60)
    assert (result.checked, result.evaluated, result.before.value) == (60, 60, 1.0)
    assert (len(result.changes), result.left_out, result.passes) == (26, 0, 60 * 26)
    for change in corruptions(1):
        changed = change.of(IMAGES[order], (0, 1), seed=0)
        right = changed[:, :, 4:6].mean(axis=(1, 2, 3)) > 0.75
        found = by_name(result)[change.name]
        assert found.accuracy.successes == (right == BRIGHT[order]).sum(), change.name
        assert (found.gained, found.lost) == (0, 60 - found.accuracy.successes)
        assert (found.low, found.high) == paired_difference(60, 0, found.lost, 60)
        assert found.p_value == mcnemar_exact(0, found.lost)


def test_without_labels_the_models_own_answers_are_compared(column: Any, result: RobustnessResult) -> None:
    own = Robustness().run(measured_on(column, IMAGES))
    assert (own.labelled, result.labelled) == (False, True)
    assert [one.accuracy for one in own.changes] == [one.accuracy for one in result.changes]


def test_one_sample_is_shown_as_it_is_and_after_the_strongest_change_of_each_kind(result: RobustnessResult) -> None:
    assert result.pictures is not None
    assert result.pictures.palette is Palette.GREY
    assert result.pictures.images.shape == (10, 10, 10)
    first = IMAGES[np.random.default_rng(0).permutation(60)[0], ..., 0]
    assert np.array_equal(result.pictures.images[0], first)
    assert result.pictured[:2] == ("unchanged", "moved by 4 pixels along both axes")
    assert result.pictured[-1] == "upside down"
    assert np.array_equal(result.pictures.images[-1], first[::-1])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"images": IMAGES[:29]}, "29 samples are too few to compare answers; 30 are needed."),
        ({"effort": "quick"}, "The budget of effort “quick” does not pay for it; --effort standard does."),
        ({"targets": BRIGHT / 3}, "The output is not one score per class, so no answer can be compared."),
        ({"images": None}, "Give --samples."),
    ],
)
def test_what_cannot_be_measured_is_skipped_with_the_reason(column: Any, given: dict[str, Any], reason: str) -> None:
    given = {"images": IMAGES, **given}
    assert Robustness().run(measured_on(column, given.pop("images"), **given)) == Skip(reason)


def test_signals_and_small_pictures_are_skipped() -> None:
    small = keras.Sequential([keras.Input((7, 9, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    skip = Robustness().run(measured_on(small, IMAGES[:, :7, :9]))
    assert skip.reason == "The samples are not pictures of 8 pixels and more, so they cannot be moved or blurred."


def test_pictures_with_channels_first_are_changed_alike() -> None:
    first, last = (
        keras.Sequential(
            [
                keras.Input(shape),
                layers.GlobalMaxPooling2D(data_format=order),
                layers.Dense(2, activation="softmax", kernel_initializer="ones"),
            ]
        )
        for shape, order in (((1, 12, 12), "channels_first"), ((12, 12, 1), "channels_last"))
    )
    assert Robustness().run(measured_on(first, np.moveaxis(IMAGES, -1, 1))).changes == (
        Robustness().run(measured_on(last, IMAGES)).changes
    )


@pytest.mark.parametrize(
    ("cost", "checked", "run"),
    [(20_000_000, 60, 26), (50_000_000, 46, 26), (200_000_000, 30, 10), (250_000_000, 30, 8), (260_000_000, 0, 0)],
)
def test_the_budget_cuts_samples_then_strong_changes_then_all(column: Any, cost: int, checked: int, run: int) -> None:
    layer = LayerSummary("conv", "Conv2D", None, 10, True, multiply_adds=cost)
    found = Robustness().run(measured_on(column, IMAGES, labels=BRIGHT, layers=(layer,)))
    if not run:
        assert found == Skip("The budget of effort “standard” does not pay for it; --effort full does.")
        return
    assert (found.checked, len(found.changes), found.left_out) == (checked, run, 26 - run)
    assert found.passes * cost <= 60_000_000_000
    full = Robustness().run(measured_on(column, IMAGES, labels=BRIGHT, layers=(layer,), effort="full"))
    assert (full.checked, len(full.changes)) == (60, 26)


def changed(kind: str, severity: int, lost: int, gained: int = 0, *, of: int = 100, before: int = 90) -> Any:
    change = next(one for one in corruptions(1) if (one.kind, one.severity) == (kind, severity))
    right = before - lost + gained
    low, high = paired_difference(before, gained, lost, of)
    rate, p_value = measure(right, of), mcnemar_exact(gained, lost)
    return ChangedAccuracy(change.name, kind, change.level, severity, rate, gained, lost, low, high, p_value)


def judged(*changes: ChangedAccuracy, evaluated: int = 100, labelled: bool = True) -> list[Finding | Inconclusive]:
    before = measure(90, 100)
    return list(findings(RobustnessResult(100, evaluated, labelled, False, before, changes, 0, 0, 0, None, ()), LIMITS))


def test_a_change_that_hardly_shows_is_a_warning_where_it_certainly_costs_more_than_a_tenth() -> None:
    (found,) = judged(changed("noise", 1, 30), changed("shift", 1, 25), changed("blur", 1, 3))
    confidence = 1 - 0.05 / 3
    least = -paired_difference(90, 0, 30, 100, confidence=confidence)[1]
    assert (found.code, found.severity, found.subject) == (SMALL.code, Severity.WARNING, "noise of 4% of the range")
    assert found.message == (
        f"60% of 100 samples are right instead of 90%: at least {least:.0%} lost (limit 10%); so does 1 other change"
    )
    assert found.evidence["lost_at_least"] == least
    assert found.action.startswith("Train with random noise (keras.layers.GaussianNoise)")


def test_a_change_that_shows_is_a_note_and_names_the_worst() -> None:
    (found,) = judged(changed("shift", 3, 66), changed("rotation", 3, 20), labelled=False)
    assert (found.code, found.severity) == (VISIBLE.code, Severity.NOTE)
    assert found.message.startswith("24% of 100 samples keep their answer: at least ")
    assert found.action.startswith("Train with random shifts")


@pytest.mark.parametrize(("kind", "severity"), [("contrast", 3), ("occlusion", 3), ("flip", 0)])
def test_what_may_hide_or_change_a_sample_is_no_finding(kind: str, severity: int) -> None:
    assert judged(changed(kind, severity, 80), changed("shift", 1, 0)) == []


def test_a_loss_over_the_limit_that_may_be_chance_is_inconclusive_with_what_would_decide() -> None:
    (some,) = judged(changed("shift", 1, 12), changed("noise", 1, 1))
    assert isinstance(some, Inconclusive)
    value, low = 0.12, -paired_difference(90, 0, 12, 100, confidence=0.975)[1]
    assert some.samples_needed == int(np.ceil(100 * ((value - low) / (value - 0.1)) ** 2))
    (more,) = judged(changed("shift", 1, 12), changed("noise", 1, 1), evaluated=500)
    assert (more.samples_needed, more.remedy) == (None, "--effort full changes all evaluated samples")


def test_a_higher_limit_finds_less() -> None:
    result = RobustnessResult(100, 100, True, False, measure(90, 100), (changed("noise", 1, 30),), 0, 0, 0, None, ())
    assert list(findings(result, {**LIMITS, SMALL.code: 0.35})) == []
    assert replace(result, changes=(changed("noise", 1, 0),)).worst.lost == 0
