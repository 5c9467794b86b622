"""Kernels as pictures, and filters that add nothing."""

from typing import Any

import numpy as np
import pytest
from builders import GLOROT, LIMITS, context, kernel

from reportgen.analyses.base import Skip
from reportgen.analyses.filter_grids.analysis import FilterGrids, filter_norms, similar_pairs
from reportgen.analyses.filter_grids.results import FilterGrid, FilterGridsResult, FilterStrength
from reportgen.models.graphs import BatchNormalizationLayer
from reportgen.models.weights import LayerKernel, draw_initial
from reportgen.results.findings import Finding, Severity
from reportgen.results.plottables import Palette
from reportgen.results.rules import Limits

GENERATOR = np.random.default_rng(8)


def run(*kernels: LayerKernel, shown: tuple[str, ...] = ("conv",), **options: Any) -> Any:
    return FilterGrids().run(context(kernels=kernels, shown=shown, **options))


def grid_of(values: np.ndarray, *, max_tiles: int = 64, kernel_range: float | None = None, **given: Any) -> FilterGrid:
    (grid,) = run(kernel(values, **given), max_tiles=max_tiles, kernel_range=kernel_range).grids
    return grid


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.uniform(-1, 1, size=shape).astype(np.float32)


def test_tiles_of_a_grey_kernel_equal_its_only_channel() -> None:
    values = draw(3, 5, 1, 32)
    grid = grid_of(values)
    np.testing.assert_array_equal(grid.trained.images, values[:, :, 0].transpose(2, 0, 1))
    assert grid.trained.labels == tuple(str(index) for index in range(32))
    assert (grid.label, grid.window, grid.input_channels, grid.layout) == ("conv", (3, 5), 1, "window")
    assert (grid.trained.total, grid.trained.columns, grid.trained.palette) == (32, 8, Palette.DIVERGING)
    np.testing.assert_array_equal(grid.trained.maxima, values.max(axis=(0, 1, 2)))


def test_untrained_tiles_equal_the_draw_of_the_same_filters_on_the_same_scale() -> None:
    values = draw(3, 3, 1, 4)
    grid = grid_of(values)
    drawn = draw_initial(kernel(values), seed=0)
    assert drawn is not None
    assert grid.untrained is not None
    np.testing.assert_array_equal(grid.untrained.images, drawn[:, :, 0].transpose(2, 0, 1))
    np.testing.assert_array_equal(grid.untrained.maxima, drawn.max(axis=(0, 1, 2)))
    assert grid.untrained.value_range == grid.trained.value_range
    assert grid.untrained.labels == grid.trained.labels


@pytest.mark.parametrize("factor", [0.01, 1.0])
def test_scale_is_symmetric_and_ends_at_a_percentile_of_trained_and_untrained(factor: float) -> None:
    values = draw(3, 3, 1, 4) * factor
    drawn = draw_initial(kernel(values), seed=0)
    assert drawn is not None
    together = np.abs(np.concatenate([values.ravel(), drawn.ravel()]))
    limit = float(np.percentile(together, 98))
    assert grid_of(values).trained.value_range == pytest.approx((-limit, limit))
    assert grid_of(values).clipped == 2  # of 72


def test_kernel_range_is_the_scale_and_says_what_is_beyond() -> None:
    values = np.array([0.4, -0.6, 0.5, 0.7], np.float32).reshape(2, 2, 1, 1)
    grid = grid_of(values, kernel_range=0.5)
    assert grid.trained.value_range == (-0.5, 0.5)
    drawn = draw_initial(kernel(np.empty((2, 2, 1, 1), np.float32)), seed=0)
    assert drawn is not None
    assert grid.clipped == 2 + np.count_nonzero(np.abs(drawn) > 0.5)


def test_an_outlier_is_clipped_and_counted() -> None:
    values = np.full((3, 3, 1, 64), 0.1, np.float32)
    values[0, 0, 0, 0] = -9
    grid = grid_of(values, initializer=None)
    assert grid.trained.value_range == pytest.approx((-0.1, 0.1))
    assert grid.clipped == 1
    assert grid.trained.images.min() == -9


def test_kernel_without_an_initialiser_has_no_untrained_tiles() -> None:
    grid = grid_of(draw(3, 3, 3, 4), initializer=None)
    assert grid.untrained is None
    assert grid.colour is not None
    assert grid.colour[1] is None


def test_deeper_filter_shows_the_input_channel_with_the_largest_norm() -> None:
    values = draw(3, 3, 5, 4) * 0.1
    for index, channel in enumerate((4, 0, 2, 2)):
        values[:, :, channel, index] *= 20
    grid = grid_of(values)
    assert grid.shown_channels == (4, 0, 2, 2)
    for index, channel in enumerate((4, 0, 2, 2)):
        np.testing.assert_array_equal(grid.trained.images[index], values[:, :, channel, index])
    assert grid.colour is None


def test_untrained_deeper_filter_shows_its_own_strongest_channel() -> None:
    values = draw(3, 3, 5, 4)
    drawn = draw_initial(kernel(values), seed=0)
    assert drawn is not None
    grid = grid_of(values)
    assert grid.untrained is not None
    for index in range(4):
        channel = np.argmax([np.linalg.norm(drawn[:, :, c, index]) for c in range(5)])
        np.testing.assert_array_equal(grid.untrained.images[index], drawn[:, :, channel, index])


def test_beyond_max_tiles_the_strongest_filters_by_norm_are_shown() -> None:
    values = draw(3, 3, 2, 10) * np.array([1, 9, 1, 8, 1, 1, 7, 1, 1, 1], np.float32)
    grid = grid_of(values, max_tiles=3)
    assert grid.trained.labels == ("1", "3", "6")
    assert grid.trained.total == 10
    np.testing.assert_allclose(grid.norms, [np.linalg.norm(values[..., index]) for index in (1, 3, 6)], rtol=1e-6)


def test_rgb_kernel_is_also_shown_in_colour_on_a_scale_for_all_its_channels() -> None:
    values = draw(3, 3, 3, 4)
    values[..., 1, 2] = 1.4
    grid = grid_of(values)
    assert grid.colour is not None
    coloured, untrained = grid.colour
    np.testing.assert_array_equal(coloured.images, values.transpose(3, 0, 1, 2))
    assert coloured.palette is Palette.COLOUR
    assert coloured.value_range == grid.trained.value_range == pytest.approx((-1.4, 1.4))
    np.testing.assert_array_equal(coloured.maxima, values.max(axis=(0, 1, 2)))
    drawn = draw_initial(kernel(values), seed=0)
    assert drawn is not None
    assert untrained is not None
    np.testing.assert_array_equal(untrained.images, drawn.transpose(3, 0, 1, 2))


@pytest.mark.parametrize(
    ("shape", "kind"), [((1, 1, 3, 4), "convolution"), ((3, 3, 3), "convolution"), ((3, 3, 4, 3), "transposed")]
)
def test_only_a_two_dimensional_window_of_a_convolution_has_colours(shape: tuple[int, ...], kind: str) -> None:
    assert grid_of(draw(*shape), kind=kind).colour is None


def test_one_by_one_filters_are_strips_of_their_input_channels() -> None:
    values = draw(1, 1, 6, 4)
    grid = grid_of(values)
    assert (grid.layout, grid.shown_channels, grid.trained.columns) == ("strip", None, 1)
    np.testing.assert_array_equal(grid.trained.images, values[0, 0].T[:, None, :])


def test_one_dimensional_filters_are_tiles_with_a_row_for_each_channel() -> None:
    values = draw(5, 3, 4)
    grid = grid_of(values)
    assert (grid.layout, grid.window, grid.shown_channels, grid.trained.columns) == ("time", (5,), None, 4)
    np.testing.assert_array_equal(grid.trained.images, values.transpose(2, 1, 0))


def test_one_dimensional_filters_on_many_channels_show_the_strongest() -> None:
    values = draw(5, 33, 2) * 0.1
    values[:, 7, 0] = values[:, 30, 1] = 1
    grid = grid_of(values)
    assert (grid.layout, grid.shown_channels) == ("time", (7, 30))
    np.testing.assert_array_equal(grid.trained.images, np.ones((2, 2, 5)))  # a row alone is drawn twice, to be seen


def test_rows_that_are_repeated_to_be_seen_count_once() -> None:
    values = np.full((8, 1, 2), 0.1, np.float32)
    values[0, 0, 0] = 5
    grid = grid_of(values)
    assert grid.trained.images.shape == (2, 4, 8)
    assert grid.clipped == 1


def test_three_dimensional_filters_are_shown_by_their_central_slices() -> None:
    values = draw(3, 3, 3, 1, 2)
    grid = grid_of(values)
    assert (grid.layout, grid.window, grid.shown_channels) == ("slices", (3, 3, 3), (0, 0))
    np.testing.assert_array_equal(grid.trained.images[1][:, :3], values[1, :, :, 0, 1])
    np.testing.assert_array_equal(grid.trained.images[1][:, 4:7], values[:, 1, :, 0, 1])
    np.testing.assert_array_equal(grid.trained.images[1][:, 8:], values[:, :, 1, 0, 1])
    assert grid.trained.maxima[1] == max(
        values[1, :, :, 0, 1].max(), values[:, 1, :, 0, 1].max(), values[:, :, 1, 0, 1].max()
    )


def test_depthwise_tiles_are_one_for_each_channel_and_multiplier() -> None:
    values = draw(3, 3, 4, 2)
    grid = grid_of(values, kind="depthwise")
    assert (grid.trained.total, grid.input_channels) == (8, 1)
    np.testing.assert_array_equal(grid.trained.images[5], values[:, :, 2, 1])


def test_transposed_tiles_are_of_the_output_filters() -> None:
    values = draw(3, 3, 4, 1)
    grid = grid_of(values, kind="transposed")
    assert grid.trained.total == 4
    np.testing.assert_array_equal(grid.trained.images, values[..., 0].transpose(2, 0, 1))


def test_both_kernels_of_a_separable_convolution_are_shown() -> None:
    depthwise = kernel(draw(3, 3, 4, 1), kind="depthwise", name="depthwise_kernel")
    pointwise = kernel(draw(1, 1, 4, 8), name="pointwise_kernel")
    result = run(depthwise, pointwise)
    assert [grid.label for grid in result.grids] == ["conv depthwise_kernel", "conv pointwise_kernel"]


def test_only_chosen_layers_are_shown_and_all_are_checked() -> None:
    result = run(kernel(draw(3, 3, 1, 4)), kernel(draw(3, 3, 1, 4), path="second"), shown=("second",), seed=5)
    assert [grid.label for grid in result.grids] == ["second"]
    assert [strength.label for strength in result.strengths] == ["conv", "second"]
    assert result.seed == 5


def test_tile_without_a_number_has_no_maximum() -> None:
    values = draw(3, 3, 1, 2)
    values[..., 1] = np.nan
    values[0, 0, 0, 0] = np.nan
    maxima = grid_of(values).trained.maxima
    assert maxima[0] == np.nanmax(values[..., 0])
    assert np.isnan(maxima[1])


def test_model_without_a_convolution_is_a_skip() -> None:
    dense = kernel(draw(4, 4), kind="dense")
    assert run(dense) == Skip("The model has no convolution, so there are no filters to show.")


def strength_of(values: np.ndarray, **given: Any) -> FilterStrength:
    (strength,) = run(kernel(values, **given)).strengths
    return strength


def test_strength_counts_filters_weights_and_norms() -> None:
    values = np.zeros((3, 3, 1, 4), np.float32)
    values[1, 1, 0] = [3, 4, 5, 6]
    strength = strength_of(values)
    assert (strength.filters, strength.weights, strength.median_norm, strength.smallest_norm) == (4, 9, 4.5, 3)
    np.testing.assert_array_equal(filter_norms(np.moveaxis(values, -1, 0)), [3, 4, 5, 6])


def test_filter_just_under_a_thousandth_of_the_largest_is_weak() -> None:
    values = draw(3, 3, 1, 5)
    values /= np.linalg.norm(values.reshape(9, 5), axis=0)
    values[..., 1] *= 0.00099
    values[..., 3] *= 0.00101
    assert strength_of(values).weak == (1,)


@pytest.mark.parametrize(("percent", "dead"), [(40, 26), (60, 38), (95, 61), (100, 64)])
def test_zero_filters_count_however_many_they_are(percent: int, dead: int) -> None:
    values = draw(3, 3, 8, 64)
    values[..., : round(64 * percent / 100)] = 0
    strength = strength_of(values)
    assert strength.weak == tuple(range(dead))
    (unlimited,) = run(kernel(values), limits={**LIMITS, "weak-filters": 0.0}).strengths
    assert unlimited.weak == tuple(range(dead))


def test_a_layer_that_decayed_as_a_whole_is_weak_and_one_of_small_scale_is_not() -> None:
    fresh = np.asarray(GLOROT((3, 3, 8, 16)))
    assert len(strength_of(fresh * 1e-7).weak) == 16
    assert strength_of(fresh * 1e-3).weak == ()
    assert len(strength_of(fresh * 1e-12, initializer=None).weak) == 16


def test_filters_are_judged_as_the_batch_normalisation_behind_scales_them() -> None:
    values = draw(3, 3, 1, 4)
    values[..., 2] *= 1e-6
    moments: dict[str, Any] = {"mean": np.zeros(4), "variance": np.array([1.0, 1.0, 1e-12, 1.0]), "epsilon": 1e-12}
    gamma = np.array([1.0, 0.0, 1.0, 1.0])
    given: dict[str, Any] = {"normalised": {"conv": "norm"}, "kernels": (kernel(values),)}
    norm = BatchNormalizationLayer(path="norm", gamma=gamma, **moments)
    (strength,) = FilterGrids().run(context(normalizations=(norm,), **given)).strengths
    # the third is small and scaled up again, the second is scaled by nothing
    assert (strength.weak, strength.folded) == ((1,), "norm")
    np.testing.assert_allclose(strength.norms[[0, 3]], filter_norms(np.moveaxis(values, -1, 0))[[0, 3]], rtol=1e-6)
    (strength,) = FilterGrids().run(context(**given)).strengths
    assert (strength.weak, strength.folded) == ((2,), "")


def test_a_channel_that_was_constant_in_training_does_not_make_the_others_look_weak() -> None:
    """As in a published U-Net: three dead channels have a variance of 7e-44, the others of millions."""
    values = draw(3, 3, 1, 4)
    variance = np.array([1e7, 1e6, 7e-44, 1e7])
    norm = BatchNormalizationLayer(path="norm", gamma=np.ones(4), mean=np.zeros(4), variance=variance, epsilon=1e-3)
    given: dict[str, Any] = {"normalised": {"conv": "norm"}, "kernels": (kernel(values),)}
    (strength,) = FilterGrids().run(context(normalizations=(norm,), **given)).strengths
    assert strength.weak == ()
    # a thousandth of the median, 5.5e6
    assert strength.norms[2] == pytest.approx(filter_norms(np.moveaxis(values, -1, 0))[2] / np.sqrt(5_500.001))
    values[..., 2] *= 1e-6
    (strength,) = FilterGrids().run(context(normalizations=(norm,), **given | {"kernels": (kernel(values),)})).strengths
    assert strength.weak == (2,)


def at_cosine(cosine: float) -> np.ndarray:
    filters = np.zeros((2, 3, 3, 1), np.float32)
    filters[0, 0, 0], filters[1, 0, 0], filters[1, 0, 1] = 2, cosine, np.sqrt(1 - cosine**2)
    return filters


@pytest.mark.parametrize(("cosine", "pairs"), [(0.9899, 0), (0.9901, 1), (-0.9999, 0)])
def test_near_duplicates_have_a_cosine_over_the_limit(cosine: float, pairs: int) -> None:
    found = strength_of(np.moveaxis(at_cosine(cosine), 0, -1)).duplicates
    assert len(found) == pairs
    if found:
        assert found[0][:2] == (0, 1)
        assert found[0][2] == pytest.approx(cosine, abs=1e-6)


def test_pairs_are_kept_from_a_cosine_of_a_half_on() -> None:
    assert [len(values) for values in similar_pairs(at_cosine(0.499))] == [0, 0, 0]
    first, second, cosine = similar_pairs(at_cosine(0.501))
    assert (first.tolist(), second.tolist(), cosine.tolist()) == ([0], [1], [pytest.approx(0.501, abs=1e-6)])


def test_zero_and_non_finite_filters_duplicate_nothing() -> None:
    filters = np.zeros((5, 3, 3, 1), np.float32)
    filters[2:4] = np.nan
    filters[4] = np.inf
    assert [len(values) for values in similar_pairs(filters)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("shape", "given", "compared"),
    [
        ((3, 3, 1, 2), {}, True),
        ((2, 2, 2, 2), {}, False),
        ((3, 3, 2, 2), {"groups": 2}, False),
        ((3, 3, 2, 2), {"kind": "depthwise"}, False),
        ((1, 1, 9, 2), {}, True),
    ],
)
def test_filters_are_compared_where_that_means_something(
    shape: tuple[int, ...], given: dict[str, Any], compared: bool
) -> None:
    strength = strength_of(np.ones(shape, np.float32), **given)
    assert strength.compared is compared
    assert bool(strength.duplicates) is compared


def findings(
    *, weak: tuple[int, ...] = (), duplicates: tuple[tuple[int, int, float], ...] = (), limits: Limits = LIMITS
) -> list[Finding]:
    """Return what is said of eight filters, some of them of a thousandth of the median norm, some like another."""
    norms = np.full(8, 1.23456)
    norms[list(weak)] = 1.2e-3
    first, second, cosine = (np.array([pair[place] for pair in duplicates]) for place in range(3))
    strength = FilterStrength("conv", 8, 9, 1.23456, norms.min(), (), True, (), norms, (first, second, cosine))
    return list(FilterGrids().findings(FilterGridsResult((), (strength,), seed=0), limits))


def test_strong_and_distinct_filters_are_no_finding() -> None:
    assert findings() == []


def test_weak_filters_are_a_warning() -> None:
    (finding,) = findings(weak=(1, 5, 6))
    assert (finding.code, finding.severity, finding.subject) == ("weak-filters", Severity.WARNING, "conv")
    assert finding.message == (
        "3 of 8 filters have almost no weight (norm below 0.001 of the layer's largest, 1.23, or near zero)"
    )
    assert (finding.evidence, finding.threshold) == ({"weak": 3, "filters": 8, "largest_norm": 1.23456}, 1e-3)
    assert [one.severity for one in findings(weak=(1, 5))] == [Severity.NOTE]  # under a third of the layer
    assert finding.action == "Remove 3 filters: conv could have 5; measure the accuracy after it."
    (every,) = findings(weak=tuple(range(8)), limits={**LIMITS, "weak-filters": 2.0})
    assert every.action == every.advice.action == "Prune them, or train with fewer filters."
    assert "1608.08710" in finding.source


def test_near_duplicate_filters_are_a_note_and_from_a_third_of_the_layer_a_warning() -> None:
    (finding,) = findings(duplicates=((0, 1, 0.991), (0, 2, 0.995), (1, 2, 0.991), (4, 5, 0.992)))
    assert (finding.severity, finding.evidence["copies"]) == (Severity.WARNING, 3)
    assert (
        finding.action
        == "Remove 3 filters and add their weights in the next layer to their originals': conv could have 5."
    )
    (finding,) = findings(duplicates=((0, 4, 0.991), (1, 4, 0.99876)))
    assert (finding.code, finding.severity, finding.subject) == ("duplicate-filters", Severity.NOTE, "conv")
    assert finding.message == "3 of 8 filters are near-duplicates (cosine up to 0.9988, limit 0.99)"
    assert (finding.evidence, finding.threshold) == (
        {"involved": 3, "copies": 1, "pairs": 2, "closest": 0.99876},
        0.99,
    )
    assert "NeurIPS 2017" in finding.source


def test_a_layer_can_have_both_findings() -> None:
    assert [one.code for one in findings(weak=(1,), duplicates=((2, 3, 0.995),))] == [
        "weak-filters",
        "duplicate-filters",
    ]


@pytest.mark.parametrize(("share", "weak"), [(9e-4, []), (1e-3, ["weak-filters"])])
def test_weak_filters_are_decided_at_the_limit_given(share: float, weak: list[str]) -> None:
    said = findings(weak=(1, 5), limits={**LIMITS, "weak-filters": share})
    assert [one.code for one in said] == weak
    assert [one.threshold for one in said] == [share] * len(weak)


@pytest.mark.parametrize(("cosine", "involved"), [(0.6, 4), (0.95, 2)])
def test_duplicates_are_decided_at_the_limit_given(cosine: float, involved: int) -> None:
    pairs = ((0, 1, 0.991), (3, 4, 0.7))
    (finding,) = findings(duplicates=pairs, limits={**LIMITS, "duplicate-filters": cosine})
    assert (finding.evidence["involved"], finding.threshold) == (involved, cosine)


def test_the_page_shows_what_is_decided_at_the_limits_in_force() -> None:
    values = np.concatenate([np.moveaxis(at_cosine(0.9), 0, -1), draw(3, 3, 1, 3)], axis=-1)
    for cosine, count in ((0.8, 1), (0.95, 0)):
        given = context(kernels=(kernel(values),), limits={**LIMITS, "duplicate-filters": cosine, "weak-filters": 0.0})
        (strength,) = FilterGrids().run(given).strengths
        assert sum(pair[:2] == (0, 1) for pair in strength.duplicates) == count
        assert strength.weak == ()


def test_histogram_of_all_weights_stands_beside_the_untrained_ones_in_ten_bins() -> None:
    values = draw(3, 3, 2, 70)
    grid = grid_of(values, max_tiles=4)
    drawn = draw_initial(kernel(values), seed=0)
    assert drawn is not None
    assert {name: len(counts) for name, counts in grid.histogram.counts.items()} == {"trained": 60, "untrained": 60}
    assert sum(int(counts.sum()) for counts in grid.histogram.counts.values()) + grid.histogram.cut == 2 * values.size
    assert grid.fresh is not None
    assert list(grid.fresh.counts) == ["untrained"]
    np.testing.assert_array_equal(grid.fresh.counts["untrained"], np.histogram(drawn, bins=10)[0])
    assert grid_of(values, initializer=None).fresh is None
