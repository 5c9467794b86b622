"""What Keras' own initialisers draw, from numpy: the same distributions, moment by moment and bound by bound."""

import math
from typing import Any

import keras
import numpy as np
import pytest
from scipy import stats

from reportgen.models.weights.laws import NORMAL, TRUNCATED, UNIFORM, Law, draw_as_keras, law_of

SHAPE = (3, 3, 40, 60)
FAN_IN, FAN_OUT = 9 * 40, 9 * 60
INITIALIZERS = keras.initializers


def drawn(initializer: Any, shape: tuple[int, ...] = SHAPE, seed: int = 0) -> np.ndarray:
    values = draw_as_keras(initializer, shape, np.random.default_rng(seed))
    assert values is not None
    assert (values.dtype, values.shape) == (np.float32, shape)
    return values


SCALED = [
    (INITIALIZERS.GlorotUniform(), UNIFORM, 2 / (FAN_IN + FAN_OUT)),
    (INITIALIZERS.GlorotNormal(), TRUNCATED, 2 / (FAN_IN + FAN_OUT)),
    (INITIALIZERS.HeUniform(), UNIFORM, 2 / FAN_IN),
    (INITIALIZERS.HeNormal(), TRUNCATED, 2 / FAN_IN),
    (INITIALIZERS.LecunUniform(), UNIFORM, 1 / FAN_IN),
    (INITIALIZERS.LecunNormal(), TRUNCATED, 1 / FAN_IN),
    (INITIALIZERS.VarianceScaling(3.0, "fan_out", "untruncated_normal"), NORMAL, 3 / FAN_OUT),
    (INITIALIZERS.RandomUniform(-1, 2), UNIFORM, 9 / 12),
    (INITIALIZERS.RandomNormal(0.5, 0.1), NORMAL, 0.01),
    (INITIALIZERS.TruncatedNormal(-0.5, 0.2), TRUNCATED, 0.04 * 0.87962566**2),
]


@pytest.mark.parametrize(("initializer", "kind", "variance"), SCALED, ids=lambda one: type(one).__name__)
def test_laws_have_kerass_variance_and_both_draw_it(initializer: Any, kind: str, variance: float) -> None:
    law = law_of(initializer, SHAPE)
    assert law is not None
    assert law.kind == kind
    assert law.deviation == pytest.approx(math.sqrt(variance), rel=1e-6)
    ours, kerass = (
        drawn(initializer),
        np.asarray(type(initializer).from_config({**initializer.get_config(), "seed": 1})(SHAPE)),
    )
    for values in (ours, kerass):
        # of 21,600 draws the deviation has a standard error of 0.5 % at the most
        assert values.std() == pytest.approx(law.deviation, rel=0.02)
        assert values.mean() == pytest.approx(law.middle, abs=4 * law.deviation / math.sqrt(values.size))
        assert np.abs(values - law.middle).max() <= law.reach * (1 + 1e-6)
        if kind != NORMAL:
            assert np.abs(values - law.middle).max() > 0.98 * law.reach
    assert stats.ks_2samp(ours.ravel(), kerass.ravel()).pvalue > 1e-3


SCIPYS = {
    UNIFORM: stats.uniform(1 - 0.5, 1.0),
    NORMAL: stats.norm(1, 0.5),
    TRUNCATED: stats.truncnorm(-2, 2, loc=1, scale=0.5),
}


@pytest.mark.parametrize("kind", [UNIFORM, NORMAL, TRUNCATED])
def test_moments_probabilities_and_quantiles_equal_scipys(kind: str) -> None:
    law, same = Law(kind, 1.0, 0.5), SCIPYS[kind]
    for order in (0, 2, 4, 6, 8):
        expected = same.expect(lambda x, order=order: (x - 1) ** order) if order else 1.0
        assert law.moment(order) == pytest.approx(expected, rel=1e-6)
    places = np.linspace(-2, 4, 501)
    np.testing.assert_allclose(law.below(places), same.cdf(places), atol=3e-7)
    for share in (1e-6, 0.3, 0.999):
        assert law.quantile(share) == pytest.approx(same.ppf(share), rel=1e-6)


def test_a_law_without_width_is_a_step() -> None:
    assert Law(NORMAL, 0.5, 0.0).below(np.array([0.4, 0.5, 0.6])).tolist() == [0, 1, 1]


def test_orthogonal_draws_are_orthogonal_with_random_signs_and_the_gain() -> None:
    for shape in ((3, 3, 4, 20), (6, 50), (50, 6)):
        values = drawn(INITIALIZERS.Orthogonal(gain=2.0), shape).reshape(-1, shape[-1]).astype(np.float64)
        products = values @ values.T if len(values) < values.shape[1] else values.T @ values
        np.testing.assert_allclose(products, 4 * np.eye(len(products)), atol=1e-5)
    # uniform on the orthogonal matrices: every entry has mean 0 and variance 1 / n
    many = np.array([drawn(INITIALIZERS.Orthogonal(), (5, 5), seed) for seed in range(400)])
    np.testing.assert_allclose(many.mean(axis=0), 0, atol=4 / math.sqrt(5 * 400))
    np.testing.assert_allclose(many.var(axis=0), 0.2, rtol=0.35)


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [
        (INITIALIZERS.Zeros(), np.zeros((3, 4))),
        (INITIALIZERS.Ones(), np.ones((3, 4))),
        (INITIALIZERS.Constant(0.5), np.full((3, 4), 0.5)),
        (INITIALIZERS.Identity(gain=3), 3 * np.eye(3, 4)),
    ],
)
def test_constants_are_kerass(initializer: Any, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(drawn(initializer, (3, 4)), expected)
    np.testing.assert_array_equal(np.asarray(initializer((3, 4))), expected)


class Own(INITIALIZERS.Initializer):
    """An initialiser of the user's own, of Keras' name."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return np.full(shape, 7.0, dtype)


def test_what_is_not_kerass_has_no_law_and_is_not_drawn_here() -> None:
    Own.__name__ = "GlorotUniform"
    for other in (Own(), None):
        assert law_of(other, (3, 4)) is None
        assert draw_as_keras(other, (3, 4), np.random.default_rng(0)) is None


def test_axes_of_an_einsum_decide_its_fans() -> None:
    axes = INITIALIZERS.GlorotUniform()
    axes.input_axes, axes.output_axes = [0], [1, 2]
    law = law_of(axes, (10, 4, 6))
    assert law is not None
    assert law.deviation == pytest.approx(math.sqrt(2 / (10 + 24)))
