"""Classes told by held-out samples, directions that samples fill, and likeness of two sets of values."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import KernelCenterer, StandardScaler

from reportgen.measures.separation import (
    effective_rank,
    linear_cka,
    linear_probe,
    nearest_centroid,
    several,
    standardised,
)


def drawn(seed: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised features of samples that partly separate, and their classes in no order."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(classes), 15))
    features = generator.normal(size=(15 * classes, 5)) * [1, 10, 0.1, 1, 1] + 0.15 * labels[:, None]
    return standardised(features), labels


def products_of(values: np.ndarray) -> np.ndarray:
    return np.asarray(values @ values.T / values.shape[1])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_nearest_centroid_is_that_of_scikit_learn_without_each_sample_in_turn(seed: int) -> None:
    values, labels = drawn(seed)
    expected = []
    for left_out in range(len(values)):
        others = np.arange(len(values)) != left_out
        fitted = NearestCentroid().fit(values[others], labels[others])
        expected.append(fitted.predict(values[[left_out]])[0] == labels[left_out])
    assert nearest_centroid(values, labels).tolist() == expected
    assert 15 < sum(expected) < 60


@pytest.mark.parametrize(("seed", "classes"), [(0, 4), (1, 4), (2, 2)])
def test_the_linear_probe_is_scikit_learns_ridge_classifier_on_the_same_folds(seed: int, classes: int) -> None:
    values, labels = drawn(seed, classes)
    folds = np.empty(len(labels), int)
    for each in range(classes):
        folds[labels == each] = np.arange(15) % 5
    expected = np.empty(len(labels), bool)
    for fold in range(5):
        inside = folds != fold
        fitted = RidgeClassifier(alpha=0.1 * values.shape[1]).fit(values[inside], labels[inside])
        expected[~inside] = fitted.predict(values[~inside]) == labels[~inside]
    assert linear_probe(products_of(values), labels).tolist() == expected.tolist()
    assert len(labels) / classes < expected.sum() < len(labels)


def test_a_probe_has_each_sample_of_a_rare_class_held_out_once() -> None:
    values = standardised(np.array([[0.0], [0.1], [1], [1.1]]))
    assert linear_probe(products_of(values), np.array([0, 0, 1, 1])).tolist() == [True] * 4


def test_standardised_features_are_scikit_learns_without_those_that_do_not_vary_or_are_not_finite() -> None:
    features = np.array([[0.0, 5, np.inf, 0.1], [0.1, 5, 1, 0.1], [1, 5, 1, 0.1], [1.1, 5, 1, 0.1]])
    found = standardised(features.astype(np.float32))
    np.testing.assert_allclose(found, StandardScaler().fit_transform(features[:, :1]), atol=1e-6)


def test_the_only_sample_of_a_class_has_no_other() -> None:
    assert several(np.array([3, 0, 0, 1, 3])).tolist() == [True, True, True, False, True]


def test_the_effective_rank_is_the_exponential_of_the_entropy_of_singular_values() -> None:
    values, _ = drawn(4)
    singular = np.linalg.svd(values, compute_uv=False)
    assert effective_rank(products_of(values)) == pytest.approx(np.exp(entropy(singular)), rel=1e-9)
    assert effective_rank(np.diag([9.0, 9, 0])) == pytest.approx(2)
    assert effective_rank(np.ones((5, 5))) == pytest.approx(1)


def test_linear_cka_is_the_likeness_of_values_whatever_their_rotation_and_scale() -> None:
    first, second = drawn(5)[0], drawn(6)[0]
    cross = np.linalg.norm(second.T @ first) ** 2
    expected = cross / (np.linalg.norm(first.T @ first) * np.linalg.norm(second.T @ second))
    assert linear_cka(products_of(first), products_of(second)) == pytest.approx(expected, rel=1e-12)
    centred = [KernelCenterer().fit_transform(values @ values.T) for values in (first, second)]
    hsic = [[float((one * other).sum()) for other in centred] for one in centred]
    assert expected == pytest.approx(hsic[0][1] / np.sqrt(hsic[0][0] * hsic[1][1]), rel=1e-9)
    rotation = np.linalg.qr(np.random.default_rng(7).normal(size=(5, 5)))[0]
    assert linear_cka(products_of(first), products_of(3 * first @ rotation)) == pytest.approx(1)
