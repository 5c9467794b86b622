"""Operator norms of convolutions against the whole matrix, and the search against all frequencies."""

import itertools

import numpy as np
import pytest

from reportgen.models.weights.kernels import LayerKernel
from reportgen.models.weights.norm_search import search_entries, searched_convolution_norm
from reportgen.models.weights.operator_norms import (
    FEW_ENTRIES,
    convolution_norm,
    convolution_norm_cost,
    fourier_transform,
    operator_norm,
)

GENERATOR = np.random.default_rng(8)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


def periodic_matrix(values: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """The matrix of a periodic convolution, entry by entry."""
    *window, inputs, filters = values.shape
    places = list(itertools.product(*map(range, size)))
    matrix = np.zeros((len(places), filters, len(places), inputs))
    for row, place in enumerate(places):
        for tap in itertools.product(*map(range, window)):
            source = tuple((p + t) % s for p, t, s in zip(place, tap, size, strict=True))
            matrix[row, :, places.index(source)] += values[tap].T
    return matrix.reshape(len(places) * filters, -1)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((3, 3, 2, 4), (5, 6)), ((3, 3, 4, 2), (4, 4)), ((1, 1, 3, 3), (3, 3)), ((5, 2, 2), (7,)), ((3, 3, 1, 2), (2, 2))],
)
def test_operator_norm_equals_that_of_the_whole_matrix(shape: tuple[int, ...], size: tuple[int, ...]) -> None:
    values = draw(*shape)
    expected = np.linalg.svd(periodic_matrix(values, size), compute_uv=False)[0]
    assert convolution_norm(values, size) == pytest.approx(expected, rel=1e-4)


def test_cost_of_an_operator_norm_counts_half_of_the_frequencies() -> None:
    assert convolution_norm_cost((3, 3, 4, 8), (10, 10)) == 10 * 6 * 16 * (8 + 40)


@pytest.mark.parametrize(("shape", "size"), [((3, 3, 2, 4), (5, 6)), ((3, 5, 2, 2), (4, 3)), ((3, 3, 2), (8,))])
def test_the_transform_is_numpys_also_where_the_window_wraps(shape: tuple[int, ...], size: tuple[int, ...]) -> None:
    size = size[: len(shape) - 2]
    values = draw(*shape)
    wrapped = np.zeros((*size, *shape[-2:]))
    for tap in itertools.product(*map(range, shape[:-2])):
        wrapped[tuple(t % s for t, s in zip(tap, size, strict=True))] += values[tap]
    expected = np.fft.rfftn(wrapped, axes=tuple(range(len(size)))).reshape(-1, *shape[-2:])
    np.testing.assert_allclose(fourier_transform(values, size), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((3, 3, 24, 40), (9, 12)),
        ((3, 3, 40, 24), (56, 31)),
        ((3, 3, 64, 64), (28, 28)),
        ((3, 3, 16, 16), (7, 7)),
        ((3, 3, 48, 48), (14, 14)),
        ((7, 7, 3, 16), (60, 60)),
        ((5, 5, 8, 12), (30, 40)),
        ((1, 1, 20, 30), (5, 5)),
        ((5, 32, 8), (50,)),
        ((3, 3, 3, 6, 8), (9, 8, 10)),
    ],
)
@pytest.mark.parametrize("kind", ["random", "smooth", "rough", "of few directions", "zero"])
def test_the_search_finds_the_norm_of_all_frequencies_within_a_ten_thousandth(
    shape: tuple[int, ...], size: tuple[int, ...], kind: str
) -> None:
    values = draw(*shape)
    window = shape[: len(size)]
    if kind == "smooth":
        values = 0.3 * values + 2 * values.mean(axis=tuple(range(len(size))))
    if kind == "rough":
        signs = 1 - 2 * (np.indices(window).sum(axis=0) % 2)
        values = 0.3 * values + 3 * signs[..., None, None] * values.mean(axis=tuple(range(len(size))))
    if kind == "of few directions":
        values = 0.05 * values + draw(*window, 1, 1) * np.outer(draw(shape[-2]), draw(shape[-1]))
    expected = 0.0 if kind == "zero" else convolution_norm(values, size)
    found = searched_convolution_norm(values * np.float32(kind != "zero"), size)
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_search_misses_none_of_twelve_flat_kernels_on_few_frequencies() -> None:
    # random weights, whose norms at all frequencies are nearly the same
    kernels = np.random.default_rng(8).normal(size=(12, 3, 3, 48, 48)).astype(np.float32)
    errors = [searched_convolution_norm(one, (14, 14)) / convolution_norm(one, (14, 14)) - 1 for one in kernels]
    assert max(map(abs, errors)) < 1e-5


def test_entries_count_the_coarse_grid_and_pointwise_windows_once() -> None:
    assert search_entries((3, 3, 4, 8), (100, 100)) == 12 * 7 * 4 * 8
    assert search_entries((3, 3, 4, 8), (7, 7)) == 7 * 4 * 4 * 8
    assert search_entries((7, 7, 4, 8), (100, 100)) == 36 * 19 * 4 * 8
    assert search_entries((3, 3, 4, 8), (14, 14)) == 12 * 7 * 4 * 8
    assert search_entries((1, 1, 4, 8), (10, 10)) == 4 * 8


@pytest.mark.parametrize("size", [(14, 14), (224, 224)])
def test_a_layer_as_in_vgg16_has_its_norm(size: tuple[int, int]) -> None:
    values = draw(3, 3, 256, 256) / 48
    kernel = LayerKernel("c", "kernel", "convolution", 1, values.shape, None, lambda: values)
    norm, reason = operator_norm(kernel, (*size, 256))
    # a random matrix of m x n with variance s^2 has a norm near s (sqrt(m) + sqrt(n)): Yin, Bai and Krishnaiah 1988
    assert norm == pytest.approx(3 / 48 * 2 * 16, rel=0.05)
    assert reason == ""
    assert operator_norm(kernel, (*size, 256), most=FEW_ENTRIES) == (None, "it would cost too much")


def test_depthwise_kernels_have_the_largest_norm_of_their_channels() -> None:
    values = draw(3, 3, 50, 2)
    kernel = LayerKernel("d", "depthwise_kernel", "depthwise", 1, values.shape, None, lambda: values)
    norms = [convolution_norm(values[..., channel : channel + 1, :], (9, 11)) for channel in range(50)]
    assert operator_norm(kernel, (9, 11, 50))[0] == pytest.approx(max(norms), rel=1e-5)


def test_a_window_of_one_place_has_the_norm_that_is_known() -> None:
    values = draw(1, 1, 6, 8)
    kernel = LayerKernel("p", "kernel", "convolution", 1, values.shape, None, lambda: values)
    expected = np.linalg.svd(values[0, 0], compute_uv=False)[0]
    assert operator_norm(kernel, (4, 4, 6))[0] == pytest.approx(expected, rel=1e-5)
    assert operator_norm(kernel, (4, 4, 6), spectral=7.0) == (7.0, "")
    grouped = LayerKernel("g", "kernel", "convolution", 2, values.shape, None, lambda: values)
    blocks = [np.linalg.svd(part, compute_uv=False)[0] for part in (values[0, 0, :, :4], values[0, 0, :, 4:])]
    assert operator_norm(grouped, (4, 4, 12), spectral=7.0)[0] == pytest.approx(max(blocks), rel=1e-5)
