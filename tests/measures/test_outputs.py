"""Masks, images and vectors of numbers against what they should be."""

import numpy as np
import pytest
from sklearn.metrics import jaccard_score, r2_score

from reportgen.measures.outputs import masks_of, mean_overlap, output_errors, overlaps_of, segmentation_quality

GENERATOR = np.random.default_rng(2)


def test_the_mean_overlap_equals_scikit_learns() -> None:
    scores, masks = GENERATOR.random((6, 9, 8, 4)), GENERATOR.integers(0, 4, (6, 9, 8))
    quality = segmentation_quality(scores, masks, ("a", "b", "c", "d"), seed=0)
    predicted = scores.argmax(axis=-1)
    each = jaccard_score(masks.ravel(), predicted.ravel(), average=None)
    assert [one.value for one in quality.classes] == pytest.approx(each.tolist())
    assert quality.mean.value == pytest.approx(each.mean())
    assert quality.mean.low < quality.mean.value < quality.mean.high
    assert (quality.pixels, quality.total_pixels) == (pytest.approx((masks == predicted).mean()), 6 * 9 * 8)
    assert [one.share for one in quality.classes] == pytest.approx([(masks == index).mean() for index in range(4)])


def test_a_class_that_occurs_nowhere_does_not_count() -> None:
    masks = np.array([[[0, 1], [1, 1]]])
    counts = overlaps_of(np.array([[[0, 0], [1, 1]]]), masks, 3)
    assert counts[0].tolist() == [[1, 2, 1], [2, 3, 3], [0, 0, 0]]
    assert mean_overlap(counts[0]) == pytest.approx((1 / 2 + 2 / 3) / 2)
    quality = segmentation_quality(np.eye(3)[masks], masks, ("a", "b", "c"), seed=0)
    assert (quality.mean.value, np.isnan(quality.classes[2].value), np.isnan(quality.mean.low)) == (1, True, True)


def test_a_single_output_has_the_overlap_of_the_foreground() -> None:
    masks = np.array([[[0, 0], [1, 1]]] * 3)
    outputs = np.array([[[0.1, 0.6], [0.9, 0.4]]] * 3)[..., None]
    quality = segmentation_quality(outputs, masks, ("class 0", "class 1"), seed=0)
    assert [one.name for one in quality.classes] == ["class 1"]
    assert quality.mean.value == pytest.approx(1 / 3)
    assert masks_of(np.array([-3.0, 2.0]).reshape(1, 1, 2, 1)).tolist() == [[[0, 1]]]


def test_the_interval_of_the_mean_overlap_covers_it_in_about_95_of_100_draws() -> None:
    """Images whose overlap is drawn around one half: drawn again and again, the interval holds the value of many images."""

    def images(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        right = generator.random((count, 1, 1)) * np.ones((1, 6, 6))
        masks = generator.integers(0, 2, (count, 6, 6))
        return np.where(generator.random((count, 6, 6)) < right, masks, 1 - masks)[..., None].astype(float), masks

    truth = segmentation_quality(*images(4000, 0), ("a", "b"), seed=0).mean.value
    found = [segmentation_quality(*images(30, seed), ("a", "b"), seed=0).mean for seed in range(1, 61)]
    assert sum(one.low <= truth <= one.high for one in found) >= 52


def test_errors_are_those_of_each_output() -> None:
    outputs, targets = GENERATOR.normal(size=(20, 3)), GENERATOR.normal(size=(20, 3))
    found = output_errors(outputs, targets)
    for index, one in enumerate(found):
        errors = outputs[:, index] - targets[:, index]
        assert one.name == str(index)
        assert one.bias == pytest.approx(errors.mean())
        assert one.root_mean_square == pytest.approx(np.sqrt((errors**2).mean()))
        assert one.quantiles["0.95"] == pytest.approx(np.quantile(np.abs(errors), 0.95))
        assert one.explained == pytest.approx(r2_score(targets[:, index], outputs[:, index]))
    (channel,) = output_errors(np.ones((2, 3, 3, 1)), np.zeros((2, 3, 3, 1)))
    assert (channel.bias, channel.mean_absolute, np.isnan(channel.explained)) == (1, 1, True)
