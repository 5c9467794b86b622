import math

import numpy as np
import pytest
from networks import grouped, permuted, permuted_groups, residual, tiny

from reportgen.analyses.base import Skip
from reportgen.comparison.filters import filter_changes
from reportgen.comparison.weights import matched_pair, weight_changes
from reportgen.models.graphs import describe_model
from reportgen.options import DEFAULTS


def changes(base, new):
    return weight_changes(matched_pair(describe_model(base), describe_model(new)), DEFAULTS)


def test_another_order_of_the_channels_is_no_change():
    model = residual()
    other, samples = permuted(model), np.random.default_rng(0).random((4, 8, 8, 2)).astype(np.float32)
    assert np.allclose(model(samples), other(samples), atol=1e-5)
    found = changes(model, other)
    assert found.equal
    assert (found.ordered, found.others, found.others_changed) == (True, 10, 0)
    moved = {kernel.label: kernel.moved for kernel in found.kernels}
    assert all(moved[name] for name in ("stem", "side", "joined", "hidden"))
    assert moved["scores"] == 0


def test_a_change_is_seen_through_another_order():
    model = residual()
    changed = residual()
    kernel, bias = changed.get_layer("side").get_weights()
    kernel[..., 2] *= 1.5
    changed.get_layer("side").set_weights([kernel, bias])
    found = changes(model, permuted(changed))
    assert [one.label for one in found.kernels if not one.equal] == ["side"]
    assert found.others_changed == 0


def test_distances_are_mirrored_when_the_models_change_places():
    first, second = residual(), residual(seed=8)
    there, back = changes(first, second), changes(second, first)
    for one, other in zip(there.kernels, back.kernels, strict=True):
        assert one.distance == pytest.approx(other.distance)
        assert one.cosine == pytest.approx(other.cosine)
        assert one.deviations == pytest.approx(other.deviations)
        assert one.norm_ratio * other.norm_ratio == pytest.approx(1)


def test_unrelated_kernels_are_the_root_of_two_apart_and_within_chance():
    import keras

    first, second = (
        keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, name="wide", use_bias=False)]) for _ in range(2)
    )
    for seed, model in enumerate((first, second)):
        model.set_weights([np.random.default_rng(seed).normal(size=(64, 64))])
    (kernel,) = changes(first, second).kernels
    assert kernel.distance == pytest.approx(math.sqrt(2), abs=0.05)
    assert abs(kernel.deviations) < 3
    assert kernel.deviations == pytest.approx(kernel.cosine * 64)


def test_matching_alone_makes_no_relation():
    import keras

    def model(seed):
        layers = [
            keras.layers.Dense(64, use_bias=False, name="wide"),
            keras.layers.Dense(2, use_bias=False, name="last"),
        ]
        made = keras.Sequential([keras.Input((16,)), *layers])
        made.set_weights([np.random.default_rng(seed).normal(size=weight.shape) for weight in made.weights])
        return made

    wide = changes(model(0), model(1)).kernels[0]
    assert wide.moved > 32
    assert wide.cosine * math.sqrt(wide.weights) > 10
    assert wide.deviations < 3


def test_weights_without_numbers_are_counted_and_left_out():
    model, broken = tiny(), tiny()
    kernel, bias = broken.get_layer("conv").get_weights()
    kernel[0, 0, 0, 0] = np.nan
    broken.get_layer("conv").set_weights([kernel, bias])
    found = changes(model, broken)
    conv = next(one for one in found.kernels if one.label == "conv")
    assert (conv.non_finite, conv.distance, conv.equal) == (1, 0.0, False)


def test_kernels_that_one_model_has_alone_are_named():
    found = changes(tiny(units=3), tiny(units=5))
    assert [kernel.label for kernel in found.kernels] == ["conv"]
    assert (found.only_base, found.only_new, found.ordered) == (("head",), ("head",), False)


def test_models_without_a_common_kernel_are_not_compared():
    assert isinstance(changes(tiny(), residual()), Skip)


def test_histograms_of_both_share_their_bins():
    found = changes(tiny(), tiny(seed=8))
    counts = found.by_distance[0].histogram.counts
    assert list(counts) == ["new", "base"]
    assert [int(each.sum()) for each in counts.values()] == [found.by_distance[0].weights] * 2


def test_the_most_changed_filters_stand_first_beside_those_of_the_base():
    base, new = tiny(), tiny()
    kernel, bias = new.get_layer("conv").get_weights()
    kernel[..., 2] += 1
    new.get_layer("conv").set_weights([kernel, bias])
    pair = matched_pair(describe_model(base), describe_model(new))
    (conv,) = filter_changes(pair, ("conv",)).kernels
    assert conv.filters[0] == 2
    assert conv.changes[1:] == (0.0, 0.0, 0.0)
    old, one, apart = (panel.images[0] for panel in conv.panels.panels)
    assert np.allclose(apart, 1)
    assert np.allclose(one - old, apart)


@pytest.mark.parametrize("exchanged", [False, True], ids=["within groups", "groups as well"])
def test_another_order_in_grouped_depthwise_and_transposed_kernels_is_no_change(exchanged):
    model = grouped()
    other = permuted_groups(model, exchanged=exchanged)
    samples = np.random.default_rng(0).random((2, 8, 8, 2)).astype(np.float32)
    assert np.allclose(model(samples), other(samples), atol=1e-4)
    for found in (changes(model, other), changes(other, model)):
        assert {kernel.label: kernel.distance for kernel in found.kernels} == dict.fromkeys(
            (
                "stem",
                "groups",
                "again",
                "mixed",
                "twice",
                "wide",
                "alone depthwise_kernel",
                "alone pointwise_kernel",
                "masks",
            ),
            0.0,
        )
        assert (found.equal, found.others_changed, found.others) == (True, 0, 12)
        moved = {kernel.label: kernel.moved for kernel in found.kernels}
        assert moved["groups"] >= (9 if exchanged else 2)
        assert moved["wide"] >= 2
        assert moved["masks"] == 0


def test_a_changed_filter_is_found_in_its_group_and_shown_with_both_numbers():
    changed = grouped()
    kernel, bias = changed.get_layer("groups").get_weights()
    kernel[..., 4] *= 2
    changed.get_layer("groups").set_weights([kernel, bias])
    other = permuted_groups(changed, exchanged=True)
    pair = matched_pair(describe_model(grouped()), describe_model(other))
    found = weight_changes(pair, DEFAULTS)
    assert [one.label for one in found.kernels if not one.equal] == ["groups"]
    (shown,) = filter_changes(pair, ("groups",)).kernels
    assert shown.filters[0] == 4
    twice = other.get_layer("groups").get_weights()[1]
    assert twice[shown.places[0]] == bias[4]


def test_groups_whose_output_is_told_apart_stay_where_they_are():
    import keras

    def model(seed):
        layers = [
            keras.layers.Conv2D(4, 1, name="stem"),
            keras.layers.Conv2D(4, 1, groups=2, name="last"),
        ]
        made = keras.Sequential([keras.Input((4, 4, 2)), *layers])
        made.set_weights([np.random.default_rng(seed).normal(size=weight.shape) for weight in made.weights])
        return made

    base, new = model(0), model(0)
    stem, bias = new.get_layer("stem").get_weights()
    last, own = new.get_layer("last").get_weights()
    order = np.array([2, 3, 0, 1])
    new.get_layer("stem").set_weights([stem[..., order], bias[order]])
    new.get_layer("last").set_weights([last[..., order], own[order]])  # which exchanges the outputs: another network
    found = changes(base, new)
    assert (found.equal, found.moved) == (False, 0)
    swapped = np.array([1, 0, 3, 2])
    new.get_layer("stem").set_weights([stem[..., swapped], bias[swapped]])
    new.get_layer("last").set_weights([last[..., [1, 0], :], own])
    found = changes(base, new)
    assert (found.equal, found.moved) == (True, 4)
