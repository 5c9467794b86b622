"""Masks against what they should be."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, jaccard_score

from reportgen.measures.segmentation import (
    SegmentationQuality,
    count_pixels,
    masks_of,
    mean_of_known,
    segmentation_quality,
    usual_masks,
)

GENERATOR = np.random.default_rng(2)
FOUR = ("a", "b", "c", "d")


def of(predicted: np.ndarray, masks: np.ndarray, names: tuple[str, ...] = FOUR) -> SegmentationQuality:
    return segmentation_quality(np.eye(len(names))[predicted], masks, names, seed=0)


def test_overlap_dice_and_recall_equal_scikit_learns() -> None:
    scores, masks = GENERATOR.random((6, 9, 8, 4)), GENERATOR.integers(0, 4, (6, 9, 8))
    quality = segmentation_quality(scores, masks, FOUR, seed=0)
    predicted = scores.argmax(axis=-1)
    each = jaccard_score(masks.ravel(), predicted.ravel(), average=None)
    assert [one.value for one in quality.classes] == pytest.approx(each.tolist())
    assert quality.mean.value == pytest.approx(each.mean())
    assert quality.mean.low < quality.mean.value < quality.mean.high
    dice = f1_score(masks.ravel(), predicted.ravel(), average=None)
    assert [one.dice for one in quality.classes] == pytest.approx(dice.tolist())
    assert quality.mean.dice == pytest.approx(dice.mean())
    assert quality.recall.value == pytest.approx(balanced_accuracy_score(masks.ravel(), predicted.ravel()))
    assert (quality.pixels.value, quality.total_pixels) == (pytest.approx((masks == predicted).mean()), 6 * 9 * 8)
    assert [one.share for one in quality.classes] == pytest.approx([(masks == index).mean() for index in range(4)])
    assert [one.predicted for one in quality.classes] == pytest.approx(
        [(predicted == index).mean() for index in range(4)]
    )


def test_a_class_that_occurs_nowhere_does_not_count() -> None:
    masks = np.array([[[0, 1], [1, 1]]])
    counts, mostly = count_pixels(np.array([[[0, 0], [1, 1]]]), masks, 3)
    assert (counts.both[0].tolist(), counts.true[0].tolist(), counts.said[0].tolist()) == (
        [1, 2, 0],
        [1, 3, 0],
        [2, 2, 0],
    )
    assert mostly.tolist() == [[0, 1, -1]]
    assert mean_of_known(counts.overlaps) == pytest.approx((1 / 2 + 2 / 3) / 2)
    quality = segmentation_quality(np.eye(3)[masks], masks, ("a", "b", "c"), seed=0)
    assert (quality.mean.value, np.isnan(quality.classes[2].value), np.isnan(quality.mean.low)) == (1, True, True)
    assert quality.lowest == quality.classes[0]


def test_pixels_without_a_class_count_nowhere_whatever_is_predicted_there() -> None:
    masks, predicted = GENERATOR.integers(0, 4, (6, 9, 8)), GENERATOR.integers(0, 4, (6, 9, 8))
    masks[:, :3] = -1
    quality = of(predicted, masks)
    same = of(np.where(masks < 0, 3 - predicted, predicted), masks)
    known, found = masks[:, 3:].ravel(), predicted[:, 3:].ravel()
    assert [one.value for one in quality.classes] == pytest.approx(jaccard_score(known, found, average=None).tolist())
    assert quality.recall.value == pytest.approx(balanced_accuracy_score(known, found))
    assert (quality.total_pixels, quality.ignored) == (6 * 6 * 8, pytest.approx(1 / 3))
    assert sum(one.share for one in quality.classes) == pytest.approx(1)
    assert (quality, quality.pixels.value) == (same, pytest.approx((known == found).mean()))
    assert of(predicted[:, 3:], masks[:, 3:]).ignored == 0


def test_volumes_have_the_measures_of_images() -> None:
    masks, predicted = GENERATOR.integers(0, 4, (6, 3, 5, 4)), GENERATOR.integers(0, 4, (6, 3, 5, 4))
    assert of(predicted, masks) == of(predicted.reshape(6, 15, 4), masks.reshape(6, 15, 4))


def test_a_single_output_has_the_overlap_of_the_foreground_and_the_recall_of_both() -> None:
    masks = np.array([[[0, 0], [1, 1]]] * 3)
    outputs = np.array([[[0.1, 0.6], [0.9, 0.4]]] * 3)[..., None]
    quality = segmentation_quality(outputs, masks, ("class 0", "class 1"), seed=0)
    assert [one.name for one in quality.classes] == ["class 1"]
    assert (quality.mean.value, quality.recall.value) == (pytest.approx(1 / 3), 0.5)
    assert (quality.true_classes, quality.majority, quality.majority_share) == (2, "class 0", 0.5)
    assert masks_of(np.array([-3.0, 2.0]).reshape(1, 1, 2, 1)).tolist() == [[[0, 1]]]


@pytest.mark.dear
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


def test_masks_drawn_at_random_have_no_skill_and_perfect_ones_all() -> None:
    masks = np.where(GENERATOR.random((40, 8, 8)) < 0.8, 0, GENERATOR.integers(1, 4, (40, 8, 8)))
    guessed = of(GENERATOR.integers(0, 4, masks.shape), masks)
    assert guessed.recall_skill.value == pytest.approx(0, abs=0.05)
    assert guessed.pixel_skill.high < 0
    perfect = of(masks, masks)
    assert (perfect.recall_skill.value, perfect.pixel_skill.value, perfect.pixel_skill.low) == (1, 1, 1)


def test_one_class_everywhere_is_told_with_the_masks_that_hold_another() -> None:
    masks = np.zeros((12, 4, 4), int)
    masks[:10, 0, 0] = 1
    quality = of(np.zeros_like(masks), masks)
    assert (quality.constant, quality.others) == ("a", 10)
    # ten of twelve masks hold the other class at one pixel, so that the usual mask has it and errs twice
    assert quality.baseline_pixels == pytest.approx(1 - 2 / 192)
    assert quality.pixel_skill.value == pytest.approx(1 - 10 / 2)
    assert (of(masks, masks).constant, of(masks, masks).others) == (None, 0)
    inverted = segmentation_quality(np.ones((12, 4, 4, 1)), masks, ("a", "b"), seed=0)
    assert (inverted.constant, inverted.others) == ("b", 12)


def test_exchanged_classes_are_found_by_what_most_of_their_pixels_are() -> None:
    masks = GENERATOR.integers(0, 4, (20, 6, 6))
    noisy = np.where(GENERATOR.random(masks.shape) < 0.2, GENERATOR.integers(0, 4, masks.shape), masks)
    assert of(noisy, masks).reordered is None
    found = of(np.array([0, 2, 1, 3])[noisy], masks).reordered
    assert found is not None
    assert [(pair.label, pair.answer) for one in found.exchanges for pair in one.pairs] == [("b", "c"), ("c", "b")]


def test_the_usual_mask_of_a_sample_is_what_the_others_mostly_have() -> None:
    masks = np.array([[[0, 1, 2]], [[0, 1, 2]], [[0, 2, 1]], [[1, 2, 0]]])
    usual = usual_masks(masks, 3)
    for place in range(4):
        others = np.delete(masks, place, axis=0)[:, 0]
        assert usual[place, 0].tolist() == [np.bincount(column, minlength=3).argmax() for column in others.T]


def test_masks_of_another_sample_are_no_better_than_the_usual_one() -> None:
    rows = np.arange(8)[:, None]
    masks = np.stack([np.broadcast_to((rows > 1) & (rows < 4 + one % 3), (8, 8)) for one in range(60)]).astype(int)
    shifted = of(np.roll(masks, 1, axis=0), masks)
    assert shifted.pixels.value > shifted.majority_share + 0.05
    assert shifted.pixel_skill.high < 0
    assert shifted.recall_skill.high < 0.1
    assert of(masks, masks).pixel_skill.value == 1
