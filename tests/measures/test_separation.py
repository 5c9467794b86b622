"""The held-out accuracy of the nearest centroid."""

import numpy as np
import pytest

from reportgen.measures.separation import nearest_centroid_accuracy


def by_hand(features: np.ndarray, labels: np.ndarray) -> int:
    """Return the right answers of a search that leaves every sample out in turn."""
    scaled = features / features.std(axis=0)
    right = 0
    for left_out in range(len(scaled)):
        others = np.arange(len(scaled)) != left_out
        classes = np.unique(labels[others])
        centroids = np.stack([scaled[others & (labels == each)].mean(axis=0) for each in classes])
        right += classes[((centroids - scaled[left_out]) ** 2).sum(axis=1).argmin()] == labels[left_out]
    return right


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_accuracy_equals_a_search_that_leaves_every_sample_out(seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(4), 15))
    features = generator.normal(size=(60, 5)) * [1, 10, 0.1, 1, 1] + 0.7 * labels[:, None]
    rate = nearest_centroid_accuracy(features, labels)
    assert rate is not None
    assert (rate.successes, rate.trials) == (by_hand(features, labels), 60)


def test_classes_that_are_apart_are_all_told_apart() -> None:
    rate = nearest_centroid_accuracy(np.array([[0.0], [0.1], [1], [1.1]]), np.array([0, 0, 1, 1]))
    assert rate is not None
    assert (rate.value, rate.trials) == (1, 4)


def test_the_only_sample_of_a_class_is_left_out() -> None:
    rate = nearest_centroid_accuracy(np.array([[0.0], [0.1], [1], [1.1], [9]]), np.array([0, 0, 1, 1, 2]))
    assert rate is not None
    assert rate.trials == 4


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        ([[0.0], [1], [2]], [0, 0, 1]),
        ([[1.0], [1], [1], [1]], [0, 0, 1, 1]),
        ([[np.nan], [1], [2], [3]], [0, 0, 1, 1]),
    ],
)
def test_what_cannot_be_told_is_none(features: list[list[float]], labels: list[int]) -> None:
    assert nearest_centroid_accuracy(np.array(features), np.array(labels)) is None


def test_features_that_are_the_same_everywhere_or_not_finite_do_not_count() -> None:
    features = np.array([[0.0, 5, np.inf], [0.1, 5, 1], [1, 5, 1], [1.1, 5, 1]])
    rate = nearest_centroid_accuracy(features, np.array([0, 0, 1, 1]))
    assert rate is not None
    assert rate.value == 1
