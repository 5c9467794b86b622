"""Channel statistics equal numpy's, at once and in parts."""

import numpy as np
import pytest

from reportgen.models.passes.channel_statistics import channel_moments, channel_statistics

VALUES = np.random.default_rng(6).normal(0.2, 1, size=(7, 5, 4, 3)).astype(np.float32)


def test_statistics_equal_numpys() -> None:
    found = channel_statistics(VALUES)
    axes = (0, 1, 2)
    assert found.count == 140
    np.testing.assert_array_equal(found.minimum, VALUES.min(axis=axes))
    np.testing.assert_array_equal(found.maximum, VALUES.max(axis=axes))
    np.testing.assert_allclose(found.mean, VALUES.mean(axis=axes), rtol=1e-5)
    np.testing.assert_allclose(found.magnitude, np.abs(VALUES).mean(axis=axes), rtol=1e-5)
    np.testing.assert_allclose(found.positive, (VALUES > 0).mean(axis=axes))
    assert found.at_ends.tolist() == [0, 0, 0]


def test_values_within_a_hundredth_of_the_range_are_at_an_end() -> None:
    values = np.array([[0.0], [0.0099], [0.0101], [0.5], [0.9899], [0.9901], [1.0], [0.3]], np.float32)
    assert channel_statistics(values, (0.0, 1.0)).at_ends.tolist() == [0.5]
    assert channel_statistics(2 * values - 1, (-1.0, 1.0)).at_ends.tolist() == [0.5]


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_merged_parts_equal_the_whole(cut: int) -> None:
    whole = channel_statistics(VALUES, (-1.0, 1.0))
    parts = channel_statistics(VALUES[:cut], (-1.0, 1.0)).merged(channel_statistics(VALUES[cut:], (-1.0, 1.0)))
    for name in ("count", "minimum", "maximum", "mean", "magnitude", "positive", "at_ends"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-5)


def test_more_values_than_a_block_holds_are_all_counted() -> None:
    values = np.random.default_rng(1).normal(size=(400_000, 2)).astype(np.float32)
    found = channel_statistics(values)
    np.testing.assert_allclose(found.mean, values.mean(axis=0, dtype=np.float64), atol=1e-6)
    np.testing.assert_allclose(found.positive, (values > 0).mean(axis=0), rtol=1e-6)
    moments = channel_moments(values + 1000)
    np.testing.assert_allclose(moments.mean, 1000 + values.mean(axis=0, dtype=np.float64), rtol=5e-6)
    np.testing.assert_allclose(moments.variance, values.var(axis=0, dtype=np.float64), rtol=1e-3)


def test_rows_of_several_positions_and_the_positions_left_over_are_counted_alike() -> None:
    # 600 channels stand in a row alone, 255 rows to a block; 3 stand 341 times, and 1,000 positions leave 318
    for shape in ((700, 600), (1000, 3)):
        values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 7 - 3
        found = channel_statistics(values, (-3, 3))
        assert found.count == shape[0]
        assert (found.minimum == values.min(axis=0)).all()
        assert (found.maximum == values.max(axis=0)).all()
        np.testing.assert_allclose(found.mean, values.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(found.magnitude, np.abs(values).mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(found.positive, (values > 0).mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found.at_ends, (np.abs(values) == 3).mean(axis=0), rtol=1e-12)
        moments = channel_moments(values)
        np.testing.assert_allclose(moments.variance, values.var(axis=0), rtol=1e-5)


def test_the_variance_of_what_hardly_varies_is_never_negative() -> None:
    found = channel_moments(np.full((9, 50, 50, 3), 1e6 + 0.3, np.float32))
    assert ((found.variance >= 0) & (found.variance < 0.0625)).all()  # float32 has steps of 0.0625 there


@pytest.mark.parametrize("cut", [1, 4])
def test_moments_equal_numpys_at_once_and_merged(cut: int) -> None:
    parts = channel_moments(VALUES[:cut]).merged(channel_moments(VALUES[cut:]))
    for found in (channel_moments(VALUES), parts):
        assert found.count == 140
        np.testing.assert_allclose(found.mean, VALUES.mean(axis=(0, 1, 2)), rtol=1e-5)
        np.testing.assert_allclose(found.variance, VALUES.var(axis=(0, 1, 2)), rtol=1e-5)


def test_moments_of_nothing_are_an_error() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        channel_moments(np.empty((0, 3), np.float32))


def test_one_nan_changes_no_other_channel() -> None:
    broken = VALUES.copy()
    broken[..., 0].flat[3] = np.nan
    found, whole = channel_statistics(broken), channel_statistics(VALUES)
    assert found.non_finite.tolist() == [1] + [0] * (VALUES.shape[-1] - 1)
    for name in ("minimum", "maximum", "mean", "magnitude", "positive"):
        np.testing.assert_array_equal(getattr(found, name)[1:], getattr(whole, name)[1:])
    assert np.isfinite(found.mean).all()
    assert found.merged(found).non_finite[0] == 2
    moments = channel_moments(broken)
    assert np.isnan(moments.mean[0])
    np.testing.assert_array_equal(moments.variance[1:], channel_moments(VALUES).variance[1:])
