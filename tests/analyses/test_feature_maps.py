"""What the chosen layers make of each sample."""

from typing import Any

import numpy as np
import pytest
from builders import context, evaluated_samples

from reportgen.analyses.base import Skip
from reportgen.analyses.feature_maps import FeatureMaps, FeatureMapsResult, LayerMaps
from reportgen.measures.page_plan import PagePlan
from reportgen.models.passes import Activations
from reportgen.results.plottables import Palette

GENERATOR = np.random.default_rng(4)


def run(
    kept: dict[str, np.ndarray],
    *,
    rectifiers: tuple[str, ...] = (),
    evaluated: int = 9,
    **options: Any,
) -> Any:
    count = max((len(maps) for maps in kept.values()), default=1)
    samples = evaluated_samples(
        np.zeros((evaluated, 4, 4, 1)), chosen=count, first=10, activations=Activations(kept=kept)
    )
    return FeatureMaps().run(context(samples, rectifiers=frozenset(rectifiers), **options))


def layer_of(maps: np.ndarray, **given: Any) -> LayerMaps:
    (layer,) = run({"conv": maps}, **given).layers
    return layer


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype(np.float32)


def test_tiles_equal_the_maps_of_each_sample() -> None:
    maps = abs(draw(2, 4, 5, 3))
    layer = layer_of(maps)
    assert (layer.name, layer.size, layer.channels, layer.total) == ("conv", (4, 5), (0, 1, 2), 3)
    assert (layer.layout, layer.reduction, layer.rectified) == ("map", 1, False)
    for index, sample in enumerate(layer.samples):
        np.testing.assert_array_equal(sample.grid.images, maps[index].transpose(2, 0, 1))
        np.testing.assert_array_equal(sample.grid.maxima, maps[index].max(axis=(0, 1)))
        assert (sample.name, sample.index) == (f"x[{10 + index}]", 10 + index)
        assert (sample.grid.labels, sample.grid.total) == (("0", "1", "2"), 3)
        assert (sample.grid.palette, sample.grid.columns) == (Palette.SEQUENTIAL, 3)


def test_signed_maps_have_zero_in_the_middle_of_their_scale() -> None:
    maps = np.zeros((1, 2, 2, 1), np.float32)
    maps[0, 0, 0, 0], maps[0, 1, 1, 0] = -0.8, 0.7
    layer = layer_of(maps)
    (sample,) = layer.samples
    assert (layer.signed, sample.grid.palette) == (True, Palette.DIVERGING)
    # 99.5 % of the way from 0.7 to 0.8
    assert sample.grid.value_range == pytest.approx((-0.7995, 0.7995))
    assert (layer.end, layer.clipped) == (pytest.approx(0.7995), 1)
    assert layer.value_range == pytest.approx((-0.8, 0.7))


def test_one_scale_is_for_all_samples_of_a_layer_and_ends_at_a_percentile_of_what_is_above_zero() -> None:
    maps = np.zeros((2, 10, 10, 2), np.float32)
    maps[0, ..., 0] = -2
    maps[1, ..., 1] = np.arange(1, 101).reshape(10, 10)
    layer = layer_of(maps)
    assert layer.value_range == (-2, 100)
    assert layer.end == pytest.approx(99.505)
    assert [sample.grid.value_range for sample in layer.samples] == [(0, layer.end)] * 2
    assert all(sample.grid.root for sample in layer.samples)
    assert layer.clipped == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 3], (0, 3)), ([-3, -1], (-3, -1)), ([0, 0], (0, 1)), ([np.nan, 2], (0, 2)), ([np.nan, np.inf], (0, 1))],
)
def test_scale_begins_at_zero_or_the_smallest_negative_value(values: list[float], expected: Any) -> None:
    assert layer_of(np.array(values, np.float32).reshape(1, 1, 2, 1)).value_range == expected


def test_the_option_says_which_colours_are_seen_first() -> None:
    assert not run({"conv": draw(1, 4, 4, 3)}).own_scale
    assert run({"conv": draw(1, 4, 4, 3)}, map_scale="map").own_scale


def test_bars_are_shares_of_the_layers_largest_value() -> None:
    maps = np.zeros((2, 2, 2, 3), np.float32)
    maps[0, 0, 0] = [1, 4, -1]
    maps[1, 0, 0] = [2, np.nan, 0]
    layer = layer_of(maps)
    assert [sample.strengths(4) for sample in layer.samples] == [(0.25, 1, 0), (0.5, 0, 0)]
    assert layer.samples[0].strengths(0) == ()


def test_samples_stand_beside_their_maps_as_pictures() -> None:
    result = run({"conv": draw(2, 4, 4, 3)})
    assert [picture.images.shape for picture in result.pictures] == [(1, 4, 4), (1, 4, 4)]
    assert (result.convolutions, result.chosen) == (0, False)


def test_beyond_max_tiles_the_channels_with_the_highest_mean_are_shown() -> None:
    maps = np.zeros((2, 2, 2, 5), np.float32)
    maps[0, ..., 3] = 4
    maps[1, ..., 1] = 3
    maps[1, 0, 0, 4] = 9  # the largest value, but a mean of 9 / 8 only
    layer = layer_of(maps, max_tiles=2)
    assert layer.channels == (1, 3)
    assert layer.total == layer.samples[0].grid.total == 5
    assert layer.samples[0].grid.labels == ("1", "3")
    np.testing.assert_array_equal(layer.samples[1].grid.images[0], [[3, 3], [3, 3]])
    assert layer.samples[1].grid.maxima.tolist() == [3, 0]
    assert layer.value_range == (0, 4)


def test_large_maps_are_reduced_to_block_means_and_keep_their_maxima() -> None:
    maps = draw(2, 100, 100, 64)
    layer = layer_of(maps)
    # 2 x 64 maps of 100 x 100 are 1.28 million pixels, of 50 x 50 they are 320,000
    assert layer.reduction == 2
    expected = maps[1, :, :, 5].reshape(50, 2, 50, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(layer.samples[1].grid.images[5], expected, atol=1e-6)
    assert layer.samples[1].grid.maxima[5] == maps[1, :, :, 5].max()
    assert layer.value_range == (maps.min(), maps.max())


def test_maps_are_drawn_as_the_page_is_planned_and_the_page_says_so() -> None:
    maps = abs(draw(3, 90, 90, 5))
    plan = PagePlan(side=48, tiles=2, samples=1, cut=True)
    result = run({"a": maps}, plan=plan)
    (layer,) = result.layers
    assert (layer.reduction, len(layer.channels), len(layer.samples), len(result.pictures)) == (2, 2, 1, 1)
    assert layer.samples[0].grid.images.shape == (2, 45, 45)
    assert result.plan == plan
    assert run({"a": maps}).plan is None


def test_one_dimensional_maps_are_strips() -> None:
    maps = draw(1, 7, 3)
    layer = layer_of(maps)
    assert (layer.layout, layer.size, layer.samples[0].grid.columns) == ("strip", (7,), 1)
    np.testing.assert_array_equal(layer.samples[0].grid.images, maps[0].T[:, None, :])
    np.testing.assert_array_equal(layer.samples[0].grid.maxima, maps[0].max(axis=0))


def test_three_dimensional_maps_are_shown_by_their_central_slices() -> None:
    maps = draw(2, 2, 3, 4, 2)
    layer = layer_of(maps)
    assert (layer.layout, layer.size) == ("slices", (2, 3, 4))
    images = layer.samples[1].grid.images
    np.testing.assert_array_equal(images[1][:, :4], maps[1, 1, :, :, 1])
    np.testing.assert_array_equal(images[1][:2, 5:9], maps[1, :, 1, :, 1])
    np.testing.assert_array_equal(images[1][:2, 10:], maps[1, :, :, 2, 1])
    np.testing.assert_array_equal(layer.samples[1].grid.maxima, maps[1].max(axis=(0, 1, 2)))


def test_silent_maps_of_a_rectified_layer_are_told_for_each_sample() -> None:
    maps = np.ones((2, 2, 2, 3), np.float32)
    maps[0, ..., 1], maps[1, ..., 2] = 0, -1
    layer = layer_of(maps, rectifiers=("conv",))
    assert layer.rectified
    assert [sample.silent for sample in layer.samples] == [(1,), (2,)]
    assert [sample.silent for sample in layer_of(maps).samples] == [(), ()]


def test_outputs_without_a_spatial_axis_are_not_shown() -> None:
    result = run({"dense": draw(1, 8), "conv": draw(1, 2, 2, 3)})
    assert [layer.name for layer in result.layers] == ["conv"]
    assert result.own_scale is False


def test_without_samples_or_maps_the_section_is_a_skip() -> None:
    assert FeatureMaps().run(context()) == Skip("Give --samples.")
    assert run({"dense": draw(1, 8)}) == Skip(
        "No layer of this model has a spatial output, so there are no feature maps."
    )


def test_maps_are_no_finding() -> None:
    assert list(FeatureMaps().findings(FeatureMapsResult((), own_scale=False), {})) == []
