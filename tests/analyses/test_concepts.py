"""One sample on its way from pixels to the output."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, live_context
from fixed_weights import fix_weights
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.concepts.analysis import Concepts
from reportgen.analyses.concepts.results import ConceptsResult
from reportgen.analyses.concepts.untrained import told_right
from reportgen.measures.intervals import measure
from reportgen.measures.paired import paired_difference
from reportgen.measures.separation import (
    effective_rank,
    linear_cka,
    linear_probe,
    nearest_centroid,
    standardised,
)
from reportgen.models.graphs import describe_model
from reportgen.models.passes import LiveModel, pooled_untrained, run_forward
from reportgen.models.passes.pooled import pool
from reportgen.models.weights import draw_initial
from reportgen.results.plottables import Palette

GENERATOR = np.random.default_rng(31)


def network(*, end: str = "softmax", units: int = 3, channels: int = 1) -> Any:
    model = keras.Sequential(
        [
            keras.Input((9, 8, channels)),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="first"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Conv2D(5, 3, padding="same", activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(units, activation=end, name="answer"),
        ]
    )
    return fix_weights(model, seed=5, mean=0)


def draw(*shape: int) -> np.ndarray:
    return GENERATOR.random(shape).astype(np.float32)


def run(model: Any, images: np.ndarray | None, **given: Any) -> Any:
    described = describe_model(model)
    given = {"shown": described.shown(()), "rectifiers": described.rectifiers, **given}
    return Concepts().run(live_context(model, images, batch_size=7, chosen=2, first=50, **given))


def told(model: Any, images: np.ndarray, **given: Any) -> ConceptsResult:
    result = run(model, images, **given)
    assert isinstance(result, ConceptsResult)
    return result


def outputs_of(model: Any, name: str, images: np.ndarray) -> np.ndarray:
    return np.asarray(keras.Model(model.inputs, model.get_layer(name).output)(images))


def test_the_strongest_channels_of_each_sample_are_shown_in_the_order_of_their_largest_values() -> None:
    model, images = network(), draw(4, 9, 8, 1)
    result = told(model, images)
    assert [(depth.name, depth.channels, depth.field) for depth in result.depths] == [
        ("first", 8, (3, 3)),
        ("second", 5, (8, 8)),
    ]
    for depth in result.depths:
        maps = outputs_of(model, depth.name, images)
        for sample, shown in enumerate(depth.samples):
            expected = np.argsort(-maps[sample].max(axis=(0, 1)), kind="stable")[:6]
            assert shown.channels == tuple(expected.tolist())
            np.testing.assert_allclose(shown.maps.images, maps[sample][..., expected].transpose(2, 0, 1), rtol=1e-5)
            np.testing.assert_allclose(shown.maps.maxima, maps[sample].max(axis=(0, 1))[expected], rtol=1e-5)
            assert (shown.maps.palette, shown.maps.columns) == (Palette.SEQUENTIAL, len(expected))
    assert [len(depth.samples) for depth in result.depths] == [2, 2]
    assert [ending.index for ending in result.endings] == [50, 51]


def test_under_each_map_stand_the_two_patches_that_excite_its_channel_most() -> None:
    model, images = network(), draw(6, 9, 8, 1)
    first = told(model, images).depths[0].samples[1]
    maps = outputs_of(model, "first", images)
    padded = np.pad(images[..., 0], ((0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    assert first.patches is not None
    assert first.patches.images.shape == (12, 3, 3)
    for place, channel in enumerate(first.channels):
        best = np.argsort(-maps[..., channel].max(axis=(1, 2)), kind="stable")[:2]
        for rank, sample in enumerate(best):
            row, column = np.unravel_index(maps[sample, :, :, channel].argmax(), maps.shape[1:3])
            expected = padded[sample, row : row + 3, column : column + 3]
            np.testing.assert_allclose(first.patches.images[2 * place + rank], expected, rtol=1e-5)


def test_patches_under_a_separate_activation_are_those_of_its_convolution() -> None:
    model = fix_weights(
        keras.Sequential(
            [
                keras.Input((9, 8, 1)),
                layers.Conv2D(4, 3, name="plain"),
                layers.ReLU(name="cut"),
                layers.Flatten(),
                layers.Dense(2, activation="softmax"),
            ]
        ),
        seed=5,
        mean=0,
    )
    images = draw(4, 9, 8, 1)
    described = describe_model(model)
    activations = run_forward(
        model,
        [images],
        layers=described.watched(("plain",)),
        keep=frozenset(("plain",)),
        keep_samples=2,
        keep_activations=True,
    )
    made = live_context(model, images, shown=("plain",), chosen=2)
    assert made.samples is not None
    result = Concepts().run(replace(made, samples=replace(made.samples, activations=activations)))
    assert isinstance(result, ConceptsResult)
    assert (result.depths[0].name, result.patched) == ("cut", True)


def test_the_share_of_channels_that_a_sample_excites_is_that_of_channels_above_zero() -> None:
    model, images = network(), draw(4, 9, 8, 1) - 0.5
    depth = told(model, images).depths[1]
    expected = (outputs_of(model, "second", images[:2]).max(axis=(1, 2)) > 0).mean()
    assert depth.active == pytest.approx(float(expected))


def test_classes_separate_at_each_depth_as_its_parts_tell() -> None:
    model, labels = network(), np.arange(31) % 3
    labels[30] = 7  # the only one of its class
    images = draw(31, 9, 8, 1) + 0.4 * labels[:, None, None, None].astype(np.float32)
    result = told(model, images, labels=labels)
    assert [one.name for one in result.separations] == ["", "first", "second"]
    before = None
    for one in result.separations:
        shown = images if one.name == "" else outputs_of(model, one.name, images)
        parts = images.reshape(31, -1) if one.name == "" else pool(shown)[2]
        values = standardised(parts[:30])
        products = values @ values.T / values.shape[1]
        assert (one.centroid, one.probe) == (
            measure(int(nearest_centroid(values, labels[:30]).sum()), 30),
            measure(int(linear_probe(products, labels[:30]).sum()), 30),
        )
        assert (one.features, one.rank) == (values.shape[1], pytest.approx(effective_rank(products)))
        assert one.similarity == (None if before is None else pytest.approx(linear_cka(before, products)))
        before = products
    assert result.clearer is None
    assert result.landmarks == result.separations


def test_hidden_units_are_depths_of_which_nothing_else_is_shown() -> None:
    model = keras.Sequential(
        [
            keras.Input((9, 8, 1)),
            layers.Conv2D(3, 3, activation="relu", name="maps"),
            layers.Flatten(),
            layers.Dense(6, activation="relu", name="units"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    result = told(fix_weights(model, seed=5, mean=0), draw(30, 9, 8, 1), labels=np.arange(30) % 3)
    assert [one.name for one in result.separations] == ["", "maps", "units"]
    assert [depth.name for depth in result.depths] == ["maps"]


KEEPS, LOSES = [1.0, 0.0], [1.0, -1.0]


def passed_on(*kernels: list[float]) -> Any:
    """Return a network of convolutions of two pixels, each with the kernel given."""
    model = keras.Sequential([keras.Input((6, 6, 1))])
    for number in range(len(kernels)):
        model.add(layers.Conv2D(1, (1, 2), activation="relu", name=f"c{number}"))
    model.add(layers.Flatten())
    model.add(layers.Dense(3, activation="softmax"))
    for number, kernel in enumerate(kernels):
        model.get_layer(f"c{number}").set_weights([np.reshape(kernel, (1, 2, 1, 1)), np.zeros(1)])
    return model


def told_by_brightness(*kernels: list[float]) -> list[Any]:
    """Return the findings on 300 pictures whose class is their brightness."""
    labels = np.arange(300) % 2
    noise = np.random.default_rng(3).random((300, 6, 6, 1))
    images = (noise + 2 * labels[:, None, None, None]).astype(np.float32)
    return list(Concepts().findings(told(passed_on(*kernels), images, labels=labels), LIMITS))


@pytest.mark.slow
@pytest.mark.dear
def test_a_depth_that_loses_what_no_later_one_regains_is_named() -> None:
    (finding,) = told_by_brightness(KEEPS, LOSES, KEEPS)
    assert (finding.code, str(finding.subject), finding.severity.label) == ("separation-lost", "c1", "note")
    least = -paired_difference(300, 0, 144, 300, confidence=1 - 0.05 / 6)[1]  # 3 pairs of depths, read in two ways
    assert finding.evidence == {"before": 1.0, "after": 0.52, "lost_at_least": pytest.approx(least)}


@pytest.mark.slow
@pytest.mark.dear
def test_depths_that_add_nothing_are_named_from_the_first_on() -> None:
    (finding,) = told_by_brightness(KEEPS, KEEPS, KEEPS)
    assert (finding.code, finding.subject) == ("depth-without-gain", "c0")
    assert finding.evidence == {
        "here": 1.0,
        "after": 1.0,
        "gained_at_most": pytest.approx(0.0232, abs=1e-3),
        "later": 2,
    }
    assert str(finding.message).startswith("a linear probe gets 100% of 300 samples right, at 2 depths behind it 100%")


@pytest.mark.slow
@pytest.mark.dear
def test_one_depth_alone_after_another_is_not_called_too_many() -> None:
    assert told_by_brightness(KEEPS, KEEPS) == []


def classifier(seed: int) -> Any:
    """Return an untrained network with 12 units behind a convolution."""
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="relu", name="maps"),
            layers.Flatten(),
            layers.Dense(12, activation="relu", name="units"),
            layers.Dense(2, activation="softmax"),
        ]
    )
    for kernel in describe_model(model).kernels:
        model.get_layer(kernel.path).kernel.assign(draw_initial(kernel, seed=seed))
    return model


HARD = np.arange(200) % 2
HARD_IMAGES = np.random.default_rng(6).random((200, 6, 6, 1)).astype(np.float32)
HARD_IMAGES[:, 2:4, 2:4, 0] += 0.25 * HARD[:, None, None]


def test_depths_stand_beside_those_of_the_best_untrained_network() -> None:
    model = classifier(0)
    result = told(model, HARD_IMAGES, labels=HARD)
    assert result.separations[0].untrained is None
    described = describe_model(model)
    live = LiveModel(model, described.layers, 64)
    for one in result.separations[1:]:
        assert one.untrained is not None
        assert (one.untrained.draws, one.untrained.probe.trained) == (3, one.probe)
        right = []
        for seed in range(3):
            drawn = pooled_untrained(live, described.kernels, [HARD_IMAGES], [one.name], seed=seed)
            assert drawn is not None
            right.append(told_right(drawn[one.name], HARD)[1])
        own = told_right(outputs_of(model, one.name, HARD_IMAGES), HARD)[1] if one.name == "units" else None
        best = max(right, key=np.count_nonzero)
        assert one.untrained.probe.untrained == measure(int(best.sum()), 200)
        if own is not None:
            assert (one.untrained.probe.gained, one.untrained.probe.lost) == (
                int((own & ~best).sum()),
                int((best & ~own).sum()),
            )


def test_layers_that_tell_classes_no_better_than_before_training_are_named() -> None:
    result = told(classifier(0), HARD_IMAGES, labels=HARD)
    last = result.separations[-1].untrained
    assert last is not None
    (finding,) = (one for one in Concepts().findings(result, LIMITS) if one.code == "no-better-than-untrained")
    avoided = []
    for one in (last.probe, last.centroid):
        bound = paired_difference(one.untrained.successes, one.gained, one.lost, 200, confidence=0.975)[1]
        avoided.append(bound / (1 - one.untrained.value))
    assert (finding.severity.label, str(finding.subject)) == ("warning", "units")
    assert finding.evidence["avoided_at_most"] == pytest.approx(max(avoided))
    assert max(avoided) < 0.15
    assert list(Concepts().findings(result, {**LIMITS, "no-better-than-untrained": max(avoided) - 1e-6})) == []


@pytest.mark.slow
@pytest.mark.dear
def test_layers_that_were_trained_for_the_task_are_not() -> None:
    model = classifier(0)
    kernel = np.zeros(model.get_layer("units").kernel.shape, np.float32)
    model.get_layer("maps").set_weights([np.full((3, 3, 1, 3), 1 / 9, np.float32), np.zeros(3)])
    kernel[::3, 0] = np.where(np.arange(16) % 4 % 3 * (np.arange(16) // 4 % 3) > 0, 1, 0)  # the middle of the picture
    model.get_layer("units").set_weights([kernel, np.zeros(12)])
    last = told(model, HARD_IMAGES, labels=HARD).separations[-1].untrained
    assert last is not None
    assert last.probe.trained.value > last.probe.untrained.value + 0.05
    assert list(Concepts().findings(told(model, HARD_IMAGES, labels=HARD), LIMITS)) == []


def test_labels_that_untrained_layers_do_not_tell_either_accuse_no_training() -> None:
    labels = np.random.default_rng(8).integers(0, 2, 200)
    result = told(classifier(0), HARD_IMAGES, labels=labels)
    last = result.separations[-1].untrained
    assert last is not None
    assert last.majority == np.bincount(labels).max() / 200
    assert [one.code for one in Concepts().findings(result, LIMITS)] == []


def test_where_even_untrained_layers_make_no_error_nothing_is_said() -> None:
    labels = np.arange(120) % 2
    images = (np.random.default_rng(3).random((120, 6, 6, 1)) + 2 * labels[:, None, None, None]).astype(np.float32)
    result = told(classifier(0), images, labels=labels)
    assert result.separations[-1].untrained.probe.untrained.value == 1  # type: ignore[union-attr]
    assert "no-better-than-untrained" not in [one.code for one in Concepts().findings(result, LIMITS)]


@pytest.mark.parametrize("given", [{"effort": "quick"}, {"live": None}, {"count": 99}])
def test_untrained_networks_are_run_only_where_it_is_paid_for_and_says_something(given: Any) -> None:
    count = given.pop("count", 200)
    model = classifier(0)
    if "live" in given:
        given = {"live": LiveModel(model, describe_model(model).layers, 64, no_gradients="It is compiled.")}
    result = told(model, HARD_IMAGES[:count], labels=HARD[:count], **given)
    assert [one.untrained for one in result.separations] == [None] * 3


@pytest.mark.parametrize("labels", [None, np.zeros(30, int), np.arange(30), np.arange(30) % 3])
def test_separation_is_told_only_where_it_can_be(labels: np.ndarray | None) -> None:
    result = told(network(), draw(30, 9, 8, 1), labels=labels)
    known = labels is not None and len(set(labels.tolist())) == 3
    assert len(result.separations) == (3 if known else 0)


def test_few_samples_tell_nothing_of_separation() -> None:
    assert told(network(), draw(19, 9, 8, 1), labels=np.arange(19) % 3).separations == ()


def test_a_model_that_does_not_answer_with_classes_is_not_judged_by_them() -> None:
    model = keras.Sequential(
        [
            keras.Input((9, 8, 1)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="coded"),
            layers.Conv2D(1, 3, padding="same", name="decoded"),
        ]
    )
    assert told(fix_weights(model, seed=5, mean=0), draw(30, 9, 8, 1), labels=np.arange(30) % 3).separations == ()


def test_the_way_ends_in_the_highest_scores_of_which_the_label_is_marked() -> None:
    model, images = network(units=5), draw(4, 9, 8, 1)
    scores = np.asarray(model(images))
    for sample, ending in enumerate(told(model, images, labels=np.array([2, 2, 2, 2])).endings):
        best = np.argsort(-scores[sample], kind="stable")[:3]
        assert [score.name for score in ending.scores] == [f"class {one}" for one in best]
        assert [score.value for score in ending.scores] == pytest.approx(scores[sample][best].tolist(), rel=1e-5)
        assert [score.label for score in ending.scores] == [one == 2 for one in best]
        assert (ending.label, ending.values) == ("class 2", None)


def test_a_regression_ends_in_its_value_and_target() -> None:
    model, images = network(end="linear", units=1), draw(4, 9, 8, 1)
    expected = np.asarray(model(images))[:2, 0]
    endings = told(model, images, targets=np.array([1.5, 2.5, 3.5, 4.5])).endings
    assert [ending.values for ending in endings] == [pytest.approx((value,), rel=1e-5) for value in expected]
    assert [ending.target for ending in endings] == [(1.5,), (2.5,)]
    assert all(ending.scores == () for ending in endings)


def test_signals_become_strips_without_patches() -> None:
    model = fix_weights(
        keras.Sequential(
            [
                keras.Input((40, 2)),
                layers.Conv1D(4, 5, activation="relu", name="wave"),
                layers.Flatten(),
                layers.Dense(2),
            ]
        ),
        seed=3,
        mean=0,
    )
    (depth,) = told(model, draw(3, 40, 2)).depths
    assert (depth.samples[0].maps.images.shape, depth.samples[0].maps.columns) == ((4, 1, 36), 1)
    assert depth.samples[0].patches is None
    assert depth.field == (5,)


def test_volumes_become_their_central_slices_above_patches_of_the_middle_one() -> None:
    model = keras.Sequential(
        [
            keras.Input((5, 6, 7, 1)),
            layers.Conv3D(4, 3, activation="relu", name="voxels"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    model, volumes = fix_weights(model, seed=3, mean=0), np.random.default_rng(4).random((3, 5, 6, 7, 1), np.float32)
    (depth,) = told(model, volumes).depths
    (first, *_), maps = depth.samples, outputs_of(model, "voxels", volumes)
    own = maps[0, ..., first.channels[0]]  # 3 x 4 x 5 values
    np.testing.assert_allclose(first.maps.images[0][:, :5], own[1], atol=1e-6)
    np.testing.assert_allclose(first.maps.images[0][:3, 6:11], own[:, 2], atol=1e-6)
    np.testing.assert_allclose(first.maps.images[0][:3, 12:], own[:, :, 2], atol=1e-6)
    assert first.patches is not None
    assert (first.patches.images.shape, depth.field) == ((8, 3, 3), (3, 3, 3))


def test_without_samples_the_section_is_skipped() -> None:
    assert isinstance(run(network(), None), Skip)


def test_without_labels_nothing_is_judged() -> None:
    assert list(Concepts().findings(told(network(), draw(2, 9, 8, 1)), LIMITS)) == []
