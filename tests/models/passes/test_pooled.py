"""Pooled activations of the pass that is made anyway, by hand and as a graph."""

from typing import Any

import keras
import numpy as np
import pytest
from fixed_weights import fix_weights
from keras import layers

from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import pooled as module
from reportgen.models.passes.forward import run_forward
from reportgen.models.passes.pooled import MOST_DEPTHS, averaging, pool, spread_over

GENERATOR = np.random.default_rng(4)


def test_maps_are_averaged_over_four_by_four_parts_beside_their_means_and_maxima() -> None:
    maps = GENERATOR.normal(size=(2, 8, 4, 3)).astype(np.float32)
    means, maxima, parts = pool(maps)
    np.testing.assert_allclose(means, maps.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(maxima, maps.max(axis=(1, 2)))
    np.testing.assert_allclose(parts, maps.reshape(2, 4, 2, 4, 1, 3).mean(axis=(2, 4)).reshape(2, -1), rtol=1e-5)
    flat = GENERATOR.normal(size=(3, 5)).astype(np.float32)
    for found in pool(flat):
        np.testing.assert_array_equal(found, flat)


def test_parts_of_a_length_that_four_does_not_divide_differ_by_one_and_hold_every_value_once() -> None:
    assert (averaging(7) > 0).sum(axis=1).tolist() == [1, 2, 2, 2]
    assert ((averaging(7) > 0).sum(axis=0) == 1).all()
    np.testing.assert_allclose(averaging(7).sum(axis=1), 1)
    assert averaging(2).tolist() == [[1, 0], [0, 1]]


def network() -> Any:
    model = keras.Sequential([keras.Input((6, 5, 1)), layers.Conv2D(3, 3, name="conv"), layers.ReLU(name="relu")])
    model.add(layers.Conv2D(2, 2, activation="relu", name="second"))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(2, name="head"))
    return fix_weights(model)


SAMPLES = GENERATOR.normal(size=(90, 6, 5, 1)).astype(np.float32)


def activations(model: Any, batch: int, count: int = 90) -> Any:
    batches = [SAMPLES[start : start + batch] for start in range(0, count, batch)]
    return run_forward(
        model,
        batches,
        layers=named_layers(model),
        keep=frozenset(["conv", "second"]),
        keep_samples=3,
        keep_activations=True,
        samples=count,
    )


@pytest.mark.parametrize("batch", [90, 40, 8])  # the last as a graph but for first and last batch
def test_every_sample_is_pooled_whatever_the_batches_and_activations_stand_for_their_layers(batch: int) -> None:
    model = network()
    found = activations(model, batch).pooled
    relu = np.maximum(model.get_layer("conv")(SAMPLES).numpy(), 0)
    second = model.get_layer("second")(relu).numpy()
    assert found.positions.tolist() == list(range(90))
    assert list(found.means) == ["relu", "second"]
    for name, maps in (("relu", relu), ("second", second)):
        for kind, expected in zip((found.means, found.maxima, found.parts), pool(maps), strict=True):
            np.testing.assert_allclose(kind[name], expected, atol=1e-5)


def test_of_too_many_values_fewer_samples_are_kept_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_POOLED", 30)
    monkeypatch.setattr(module, "MOST_VALUES", 900)
    model = network()
    found = activations(model, 8).pooled
    # of each sample 3 + 3 + 4 x 3 x 3 and 2 + 2 + 3 x 2 x 2 values: 58, so that 900 are those of 15 samples
    assert found.positions.tolist() == spread_over(90, 30)[::2].tolist()
    relu = np.maximum(model.get_layer("conv")(SAMPLES).numpy(), 0)[found.positions]
    np.testing.assert_allclose(found.maxima["relu"], relu.max(axis=(1, 2)), atol=1e-5)


def test_of_many_calls_sixteen_are_pooled_from_the_first_to_the_last() -> None:
    model = keras.Sequential(
        [keras.Input((4,)), *(layers.Dense(2, activation="relu", name=f"d{n}") for n in range(20))]
    )
    names = [f"d{n}" for n in range(20)]
    found = run_forward(
        model,
        [np.ones((2, 4), np.float32)],
        layers=named_layers(model),
        keep=frozenset(names),
        keep_samples=1,
        samples=2,
    ).pooled
    assert (len(found.means), next(iter(found.means)), [*found.means][-1]) == (MOST_DEPTHS, "d0", "d19")
    assert (
        run_forward(
            model, [np.ones((2, 4), np.float32)], layers=named_layers(model), keep=frozenset(names), keep_samples=1
        ).pooled.means
        == {}
    )


def test_of_too_many_calls_those_kept_come_before_those_only_judged() -> None:
    model = keras.Sequential(
        [keras.Input((4,)), *(layers.Dense(2, activation="relu", name=f"d{n}") for n in range(20)), layers.Dense(1)]
    )
    kept = {"d4", "d5", "d6", "d7"}
    found = run_forward(
        model,
        [np.ones((2, 4), np.float32), np.ones((2, 4), np.float32), np.ones((2, 4), np.float32)],
        layers=named_layers(model),
        keep=frozenset(kept),
        keep_samples=1,
        samples=6,
    ).pooled
    names = [*found.means]
    assert (len(names), names[0], names[-1], kept <= set(names)) == (MOST_DEPTHS, "d0", "d19", True)
    assert names == sorted(names, key=lambda name: int(name[1:]))
    assert {len(means) for means in found.means.values()} == {6}
