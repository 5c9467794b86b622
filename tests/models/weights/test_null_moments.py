"""Mean and spread of the statistics of fresh draws, by their law against 600 draws."""

import numpy as np
import pytest

from reportgen.models.weights.kernel_statistics import KURTOSIS, NEAR_ZERO_SHARE, SMOOTHNESS, kernel_statistics
from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.laws import NORMAL, TRUNCATED, UNIFORM, Law
from reportgen.models.weights.null_moments import has_known_null, null_moments

DRAWS = 600


def kernel(*shape: int, kind: str = "convolution") -> LayerKernel:
    return LayerKernel("k", "kernel", kind, 1, shape, None, lambda: np.zeros(shape, np.float32))


KERNELS = [
    kernel(3, 3, 24, 64),
    kernel(1, 1, 96, 96),
    kernel(5, 5, 16, 24),
    kernel(600, 16, kind="dense"),
    kernel(7, 7, 3, 64),
    kernel(3, 3, 48, 40, kind="transposed"),
    kernel(200, 300, kind="dense"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "law", [Law(kind, 0.0, 0.03) for kind in (UNIFORM, TRUNCATED, NORMAL)], ids=lambda law: law.kind
)
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda one: "x".join(map(str, one.shape)))
def test_the_law_agrees_with_600_draws(kernel: LayerKernel, law: Law) -> None:
    assert has_known_null(kernel, law)
    generator = np.random.default_rng(1)
    draws = np.array([kernel_statistics(kernel, law.draw(generator, kernel.shape)) for _ in range(DRAWS)])
    mean, spread = null_moments(kernel, law)
    known = np.isfinite(draws[0])
    np.testing.assert_array_equal(np.isfinite(mean), known)
    bias = np.abs(draws.mean(axis=0) - mean)[known] / spread[known]
    ratio = (draws.std(axis=0, ddof=1) / spread)[known]
    assert bias.max() <= 0.3
    assert ratio.min() >= 0.88
    assert ratio.max() <= 1.12


def test_normal_weights_have_the_moments_that_are_known_of_them() -> None:
    mean, spread = null_moments(kernel(3, 3, 32, 64), Law(NORMAL, 0.0, 0.1))
    weights = 9 * 32 * 64
    # Fisher 1930: kurtosis of normal samples, to the first order
    assert mean[KURTOSIS] == pytest.approx(-6 / weights)
    assert spread[KURTOSIS] == pytest.approx(np.sqrt(24 / weights))
    assert mean[NEAR_ZERO_SHARE] == pytest.approx(0.0079787, rel=1e-3)
    # 12 pairs of neighbours, whose correlations over 2,048 pairs of channels have a variance of 1 / 2,047
    assert (mean[SMOOTHNESS], spread[SMOOTHNESS]) == (0, pytest.approx(1 / np.sqrt(12 * 2047)))


@pytest.mark.parametrize(
    ("shape", "kind", "law"),
    [
        ((3, 3, 16, 32), "convolution", Law(UNIFORM, 0.0, 0.1)),  # 4,608 weights
        ((3, 3, 960, 1), "depthwise", Law(UNIFORM, 0.0, 0.1)),  # nine columns
        ((2000, 10), "dense", Law(UNIFORM, 0.0, 0.1)),
        ((200, 100), "dense", Law(UNIFORM, 0.5, 0.1)),  # whose mean is its leading direction
        ((200, 100), "dense", Law(NORMAL, 0.0, 0.0)),
        ((200, 100), "dense", None),
    ],
)
def test_small_narrow_and_other_kernels_have_no_known_null(shape: tuple[int, ...], kind: str, law: Law | None) -> None:
    assert not has_known_null(kernel(*shape, kind=kind), law)
