"""Images and vectors of numbers against what they should be."""

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import uniform_filter
from sklearn.metrics import r2_score

from reportgen.measures.outputs import (
    decibels,
    image_quality,
    mean_of_samples,
    output_errors,
    peak_of,
    similarities,
    squared_errors,
)

GENERATOR = np.random.default_rng(2)


def test_a_mean_has_students_interval_from_ten_samples_on() -> None:
    values = np.random.default_rng(21).random(300)
    found = mean_of_samples(values)
    low, high = stats.t.interval(0.95, 299, values.mean(), stats.sem(values))
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), low, high), rel=1e-4)
    assert [mean_of_samples(values[:count]).bounded for count in (9, 10)] == [False, True]


def test_errors_are_those_of_each_output() -> None:
    outputs, targets = GENERATOR.normal(size=(20, 3)), GENERATOR.normal(size=(20, 3))
    found = output_errors(outputs, targets)
    for index, one in enumerate(found):
        errors = outputs[:, index] - targets[:, index]
        assert one.name == str(index)
        assert one.bias == pytest.approx(errors.mean())
        assert one.root_mean_square == pytest.approx(np.sqrt((errors**2).mean()))
        assert one.quantiles["0.95"] == pytest.approx(np.quantile(np.abs(errors), 0.95))
        assert one.explained == pytest.approx(r2_score(targets[:, index], outputs[:, index]))
    (channel,) = output_errors(np.ones((2, 3, 3, 1)), np.zeros((2, 3, 3, 1)))
    assert (channel.bias, channel.mean_absolute, np.isnan(channel.explained)) == (1, 1, True)


def test_the_skill_of_each_output_is_its_r_squared_with_an_interval_for_all_outputs_together() -> None:
    targets = GENERATOR.normal(size=(60, 2))
    outputs = targets + GENERATOR.normal(size=(60, 2)) * [0.3, 3.0]
    good, bad = output_errors(outputs, targets)
    assert good.skill.value == pytest.approx(good.explained)
    assert good.skill.low > 0.8
    assert bad.skill.high < 0
    (alone,) = output_errors(outputs[:, :1], targets[:, :1])
    assert alone.skill.high - alone.skill.low < good.skill.high - good.skill.low


def test_the_similarity_equals_the_formula_with_scipys_windows() -> None:
    said, wanted = GENERATOR.random((2, 3, 12, 10, 2))
    means = [uniform_filter(each, (0, 7, 7, 0)) for each in (said, wanted, said**2, wanted**2, said * wanted)]
    factor, steady, varied = 49 / 48, 0.01**2, 0.03**2
    variances = factor * (means[2] - means[0] ** 2 + means[3] - means[1] ** 2)
    covariance = factor * (means[4] - means[0] * means[1])
    above = (2 * means[0] * means[1] + steady) * (2 * covariance + varied)
    each = above / ((means[0] ** 2 + means[1] ** 2 + steady) * (variances + varied))
    expected = each[:, 3:-3, 3:-3].mean(axis=(1, 2, 3))
    assert similarities(said, wanted, 1.0) == pytest.approx(expected)
    assert similarities(wanted, wanted, 1.0) == pytest.approx([1, 1, 1])
    assert similarities(said[:, :6], wanted[:, :6], 1.0) is None


def test_images_are_compared_with_the_mean_image_and_with_the_input() -> None:
    targets = GENERATOR.random((30, 8, 8, 1))
    outputs = targets + 0.1
    quality = image_quality(outputs, targets, squared_errors(targets + 0.2, targets))
    assert quality.root_mean_square == pytest.approx(0.1)
    assert quality.psnr.value == pytest.approx(20)
    assert quality.baseline == pytest.approx(np.sqrt(((targets - targets.mean(axis=0)) ** 2).mean()))
    assert quality.skill.value == pytest.approx(1 - 0.01 / quality.baseline**2)
    assert quality.from_input is not None
    assert quality.from_input.value == pytest.approx(0.75)
    assert image_quality(outputs, targets, squared_errors(targets + 0.001, targets)).from_input is None
    assert image_quality(outputs, targets, None).from_input is None


def test_the_range_of_images_is_told_by_their_values() -> None:
    assert [peak_of(np.array(ends)) for ends in ([0.1, 0.9], [-1.0, 0.5], [0.0, 200.0], [-3.0, 5.0])] == [1, 2, 255, 8]
    assert decibels(np.array([0.0, 0.01]), 1.0) == pytest.approx([100, 20])
