"""Principal components and nearest neighbours against scikit-learn."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from reportgen.measures.projection import nearest_others, principal_plane


@pytest.mark.parametrize(("samples", "features", "seed"), [(50, 8, 0), (12, 40, 1), (30, 2, 2)])
def test_the_plane_is_that_of_scikit_learn_up_to_signs(samples, features, seed):
    values = np.random.default_rng(seed).normal(size=(samples, features)) * np.linspace(1, 3, features)
    places, shares = principal_plane(values)
    known = PCA(n_components=2, svd_solver="full").fit(values)
    np.testing.assert_allclose(np.abs(places), np.abs(known.transform(values)), atol=1e-9)
    assert shares == pytest.approx(tuple(known.explained_variance_ratio_))
    moved, _ = principal_plane(-values)
    np.testing.assert_allclose(moved, -places, atol=1e-9)


def test_a_single_direction_leaves_the_second_axis_empty():
    places, shares = principal_plane(np.array([[0.0], [1.0], [5.0]]))
    np.testing.assert_allclose(places, [[-2, 0], [-1, 0], [3, 0]])
    assert shares == (1.0, 0.0)


def test_the_nearest_other_is_that_of_scikit_learn():
    values = np.random.default_rng(3).normal(size=(60, 5))
    _, near = NearestNeighbors(n_neighbors=2).fit(values).kneighbors(values)
    assert nearest_others(values).tolist() == near[:, 1].tolist()
