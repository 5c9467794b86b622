"""Sections that run the model again: of several inputs, each at its sample's own values, and compiled."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from fixed_weights import fix_weights
from keras import layers

import reportgen
import reportgen.run.prepared_run
from reportgen.errors import ForwardError
from reportgen.measures.deletion import deletion_tests
from reportgen.models.passes import CompiledModel

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(8)
COUNT = 9
IMAGES = GENERATOR.normal(size=(COUNT, 6, 7, 2)).astype(np.float32)
META = GENERATOR.normal(size=(COUNT, 3)).astype(np.float32)
LABELS = np.arange(COUNT) % 3


def fixed(model: Any) -> Any:
    return fix_weights(model, mean=0)


def two_inputs() -> Any:
    """Return a model whose channel 1 fires never and channel 2 hardly ever, beside numbers that matter to its head."""
    image, meta = keras.Input((6, 7, 2), name="image"), keras.Input((3,), name="meta")
    maps = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    both = layers.Concatenate()([layers.GlobalAveragePooling2D()(maps), meta])
    model = fixed(keras.Model([meta, image], layers.Dense(3, activation="softmax", name="scores")(both)))
    kernel, bias = (weight.numpy() for weight in model.get_layer("conv").weights)
    bias[1] = -100
    kernel[..., 2] *= 1e-3
    bias[2] = 1e-3
    model.get_layer("conv").set_weights([kernel, bias])
    return model


def first_and_last() -> tuple[Any, Any]:
    """Return two models with the same weights, channels first and last, with the same silent and dormant channel."""
    found = []
    for order, shape in (("channels_first", (2, 6, 7)), ("channels_last", (6, 7, 2))):
        parts = [
            layers.Conv2D(4, (3, 2), data_format=order, name="conv", activation="relu"),
            layers.Conv2D(3, 3, padding="same", data_format=order, name="second", activation="relu"),
            layers.GlobalAveragePooling2D(data_format=order),
            layers.Dense(3, activation="softmax", name="scores"),
        ]
        model = fixed(keras.Sequential([keras.Input(shape), *parts]))
        kernel, bias = (weight.numpy() for weight in model.get_layer("conv").weights)
        bias[1:3] = (-100, 1e-3)
        kernel[..., 2] *= 3e-3
        model.get_layer("conv").set_weights([kernel, bias])
        found.append(model)
    return found[0], found[1]


def sections(report: Any) -> dict[str, Any]:
    return {section.name: section.result for section in report.sections if hasattr(section, "result")}


def reasons(report: Any) -> dict[str, str]:
    return {section.name: section.reason for section in report.sections if hasattr(section, "reason")}


@pytest.fixture(scope="module", autouse=True)
def nine_samples_are_enough() -> Iterator[None]:
    """Let channels be masked although so few samples call none idle: what is tested is the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reportgen.analyses.channel_activity.masked_runs.decides", lambda _: True)
        yield


@pytest.fixture(scope="module")
def two() -> Any:
    given = {"image": IMAGES, "meta": META}
    return reportgen.build_report(two_inputs(), given, labels=LABELS, select="4,1", scale="none")


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have every model with channels first compiled, also where eager kernels would run it."""
    monkeypatch.setattr(reportgen.run.prepared_run, "needs_compiling", lambda *_: True)


def test_masked_run_of_two_inputs_keeps_the_other_at_its_samples_values(two: Any) -> None:
    model = two_inputs()
    result = sections(two)["channel_activity"]
    (layer,) = result.layers
    assert (layer.silent, layer.dormant, result.masked_reason) == ((1,), (2,), "")
    before = model([META, IMAGES]).numpy()
    kernel, bias = (weight.numpy() for weight in model.get_layer("scores").weights)
    kernel[[1, 2]] = 0
    model.get_layer("scores").set_weights([kernel, bias])
    after = model([META, IMAGES]).numpy()
    assert (result.masked.silent, result.masked.dormant, result.masked.samples) == (1, 1, COUNT)
    assert result.masked.largest_change == pytest.approx(np.abs(after - before).max(), rel=1e-3)
    assert result.masked.accuracy == pytest.approx((before.argmax(axis=1) == LABELS).mean())
    assert result.masked.masked_accuracy == pytest.approx((after.argmax(axis=1) == LABELS).mean())


def test_patches_of_two_inputs_are_the_windows_with_the_largest_answers(two: Any) -> None:
    result = sections(two)["filter_responses"]
    (layer,) = result.layers
    assert (layer.name, layer.field, layer.jump, result.left_out) == ("conv", (3, 3), (1, 1), ())
    windows = np.lib.stride_tricks.sliding_window_view(IMAGES, (3, 3), axis=(1, 2))
    kernel, bias = (weight.numpy() for weight in two_inputs().get_layer("conv").weights)
    answers = np.maximum(np.einsum("nyxchw,hwcf->nyxf", windows, kernel) + bias, 0)
    for one in layer.channels:
        best = answers[..., one.channel].reshape(COUNT, -1).max(axis=1)
        assert one.samples == tuple(np.argsort(-best)[: len(one.samples)])
        np.testing.assert_allclose(one.values, np.sort(best)[::-1][: len(one.values)], rtol=1e-4)


def test_other_scales_of_two_inputs_leave_the_other_input_alone() -> None:
    model = two_inputs()
    stored = np.tile(9 * IMAGES, (20, 1, 1, 1))  # so large that the picture decides; so many that others are tried
    meta = np.tile(META, (20, 1))
    inverted = stored.min() + stored.max() - stored
    labels, declared = (model([meta, images]).numpy().argmax(axis=1) for images in (inverted, stored))
    report = reportgen.build_report(
        model,
        {"image": stored, "meta": meta},
        labels=labels,
        scale="none",
        attribution="none",
        redraws=5,
        select="first:1",
    )
    result = sections(report)["preprocessing_check"]
    checked = np.random.default_rng(0).permutation(180)[: result.checked]
    assert result.declared.successes == (declared == labels)[checked].sum() < result.checked
    found = {entry.name: entry.accuracy for entry in result.variants}
    assert found["inverted"].successes == found["inverted"].trials > 10


def test_maps_of_two_inputs_are_those_of_the_pictured_one(two: Any) -> None:
    model, result = two_inputs(), sections(two)["attribution"]
    features = np.maximum(model.get_layer("conv")(IMAGES[[4, 1]]).numpy(), 0)
    weights, bias = (weight.numpy() for weight in model.get_layer("scores").weights)
    classes = model([META[[4, 1]], IMAGES[[4, 1]]]).numpy().argmax(axis=1)
    # the mean over 4 x 5 places weighs every place alike
    expected = np.stack([maps @ weights[:4, index] / 20 for maps, index in zip(features, classes, strict=True)])
    (method,) = result.methods
    np.testing.assert_allclose(method.figure.panels[1].images, np.maximum(expected, 0), atol=1e-5)
    logits = expected.sum(axis=(1, 2)) + np.sum(META[[4, 1]] * weights[4:, classes].T, axis=1) + bias[classes]
    np.testing.assert_allclose([sample.logit for sample in method.samples], logits, rtol=1e-4)
    assert [sample.completeness for sample in method.samples] == [
        None,
        None,
    ]  # a part of the logit is not the picture's

    def score(pictures: np.ndarray, positions: np.ndarray) -> np.ndarray:
        scores = model([META[[4, 1]][positions], pictures]).numpy()
        return np.asarray(scores[np.arange(len(scores)), classes[positions]])

    distances = [test.distance for test in deletion_tests(expected, IMAGES[[4, 1]], score, seed=0)]
    np.testing.assert_allclose([sample.deletion for sample in method.samples], distances, rtol=1e-3)
    assert result.other_inputs
    words = " ".join(two.to_html().split())
    assert "The model’s other inputs stay at their sample’s own values. " in words


METHODS = ("hirescam", "gradcam", "layercam", "integrated-gradients")


def added(*, second: bool, beside: bool = False) -> Any:
    """Return a model of a picture and three numbers that are added to its logits; without `second` of the picture alone.

    Args:
        second: whether the numbers go in.
        beside: whether a larger picture goes in at last, through a convolution of its own.
    """
    image, meta = keras.Input((6, 7, 2), name="image"), keras.Input((3,), name="meta")
    maps = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    scores = layers.Dense(3, name="scores")(layers.Flatten()(maps))
    inputs = [image, meta] if second else [image]
    scores = layers.Add()([scores, meta]) if second else scores
    if beside:
        other = keras.Input((5, 5, 1), name="other")
        ends = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3, name="beside")(other))
        inputs, scores = [*inputs, other], layers.Add()([scores, ends])
    return fixed(keras.Model(inputs if second else image, layers.Softmax(name="probabilities")(scores)))


def maps_of(model: Any, samples: Any, **given: Any) -> Any:
    report = reportgen.build_report(
        model, samples, select="8,2,5", scale="none", redraws=5, attribution=METHODS, **given
    )
    return sections(report)["attribution"]


def test_numbers_added_to_the_logits_change_no_map_but_move_the_logits() -> None:
    alone = added(second=False)
    predicted = alone(IMAGES).numpy().argmax(axis=1)
    meta = np.eye(3, dtype=np.float32)[predicted] * np.arange(1, COUNT + 1)[:, None]  # the same class, surer
    expected, found = maps_of(alone, IMAGES), maps_of(added(second=True), {"image": IMAGES, "meta": meta})
    assert (expected.other_inputs, found.other_inputs) == (False, True)
    for one, other in zip(expected.methods, found.methods, strict=True):
        np.testing.assert_allclose(other.figure.panels[1].images, one.figure.panels[1].images, atol=1e-5)
        for index, before, after in zip((8, 2, 5), one.samples, other.samples, strict=True):
            assert after.target == before.target
            assert after.logit == pytest.approx(before.logit + index + 1, rel=1e-5)
            assert after.similarity == pytest.approx(before.similarity, abs=1e-3)
    # the line from black to the picture leaves the numbers as they are, so that they cancel out
    assert max(sample.completeness for sample in found.methods[-1].samples) < 0.01


def test_integrated_gradients_of_two_inputs_equal_a_sum_by_hand() -> None:
    image, meta = keras.Input((6, 7, 2), name="image"), keras.Input((3,), name="meta")
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3, activation="relu")(image))
    both = layers.Multiply()([pooled, meta])  # so that the gradients by the picture depend on the numbers
    model = fixed(keras.Model([meta, image], layers.Dense(3, activation="softmax", name="scores")(both)))
    chosen = [8, 2, 5]
    (method,) = maps_of(model, {"image": IMAGES, "meta": META}).methods[3:]
    logits = keras.Model(model.inputs, model.get_layer("scores").output)
    model.get_layer("scores").activation = keras.activations.linear
    classes = logits([META[chosen], IMAGES[chosen]]).numpy().argmax(axis=1)
    for position, (sample, index) in enumerate(zip(chosen, classes, strict=True)):
        picture = IMAGES[sample]
        steps = (np.arange(400) + 0.5) / 400
        total = np.zeros_like(picture)
        line = steps[:, None, None, None] * picture
        numbers = np.repeat(META[[sample]], 400, axis=0)
        for row, column, channel in np.ndindex(*picture.shape):
            ends = []
            for moved in (1e-2, -1e-2):
                changed = line.copy()
                changed[:, row, column, channel] += moved
                ends.append(logits([numbers, changed]).numpy()[:, index])
            total[row, column, channel] = np.mean((ends[0] - ends[1]) / 2e-2)
        expected = np.maximum((total * picture).sum(axis=-1), 0)
        np.testing.assert_allclose(method.figure.panels[1].images[position], expected, atol=5e-3)


def test_the_explained_convolution_is_one_that_sees_the_picture() -> None:
    model, other = added(second=True, beside=True), GENERATOR.normal(size=(COUNT, 5, 5, 1)).astype(np.float32)
    found = maps_of(model, {"image": IMAGES, "meta": META, "other": other})
    assert [method.subject for method in found.methods] == ["conv", "conv", "conv", "input"]
    image, second = keras.Input((6, 7, 2), name="image"), keras.Input((5, 5, 1), name="other")
    flat = layers.Dense(3)(layers.Flatten()(image))
    ends = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3, name="beside")(second))
    blind = fixed(keras.Model([image, second], layers.Softmax()(layers.Add()([flat, ends]))))
    report = reportgen.build_report(blind, {"image": IMAGES, "other": other}, redraws=5)
    assert reasons(report)["attribution"] == ("No map can be drawn: no convolution depends on the input shown.")


def test_inputs_are_made_for_a_layer_that_sees_the_picture_alone() -> None:
    report = reportgen.build_report(
        two_inputs(), {"image": IMAGES, "meta": META}, maximise=True, attribution="none", redraws=5
    )
    (layer,) = sections(report)["filter_responses"].layers
    assert layer.maximised.images.shape[1:3] == (6, 7)
    conv = two_inputs().get_layer("conv")
    conv.activation = keras.activations.linear
    natural = conv(IMAGES).numpy().mean(axis=(1, 2)).max(axis=0)
    for label, made in zip(layer.maximised.labels, layer.maximised.maxima, strict=True):
        assert made > natural[int(label)]


def test_layers_of_another_inputs_branch_are_left_out_by_name() -> None:
    image, other = keras.Input((6, 7, 1), name="image"), keras.Input((6, 7, 1), name="other")
    left = layers.Conv2D(2, 3, activation="relu", name="left")(image)
    right = layers.Conv2D(2, 3, activation="relu", name="right")(other)
    pooled = layers.GlobalAveragePooling2D()(layers.Concatenate(name="both")([left, right]))
    model = fixed(keras.Model([image, other], layers.Dense(3, activation="softmax")(pooled)))
    given = {"image": IMAGES[..., :1], "other": IMAGES[..., 1:]}
    report = reportgen.build_report(model, given, attribution="none", redraws=5, layers=("left", "right"))
    result = sections(report)["filter_responses"]
    assert ([layer.name for layer in result.layers], result.left_out) == (["left"], ("right",))
    assert "Left out, as their responses cannot be traced back to pixels: right." in report.to_html()


def test_compiled_model_has_the_sections_of_the_same_with_channels_last(compiled: Any) -> None:
    first, last = first_and_last()
    options: dict[str, Any] = {"labels": LABELS, "redraws": 5, "attribution": "none"}
    found = reportgen.build_report(first, np.moveaxis(IMAGES, -1, 1), maximise=True, **options)
    assert any("compiled (XLA)" in step for step in found.samples.steps)
    wanted = sections(reportgen.build_report(last, IMAGES, **options))
    shown = sections(found)
    masked, expected = shown["channel_activity"].masked, wanted["channel_activity"].masked
    assert (masked.silent, masked.dormant, masked.samples) == (expected.silent, expected.dormant, COUNT)
    assert masked.largest_change == pytest.approx(expected.largest_change, rel=0.01)
    assert masked.dormant == 1
    assert masked.largest_change > 1e-5
    for one, other in zip(shown["filter_responses"].layers, wanted["filter_responses"].layers, strict=True):
        assert (one.name, one.field, one.jump, one.kernel_size) == (
            other.name,
            other.field,
            other.jump,
            other.kernel_size,
        )
        assert [each.samples for each in one.channels] == [each.samples for each in other.channels]
        assert [each.places for each in one.channels] == [each.places for each in other.channels]
        np.testing.assert_allclose(one.figure.panels[1].images, other.figure.panels[1].images, atol=1e-5)
    assert shown["filter_responses"].not_maximised.startswith(
        "No inputs are synthesised: this processor cannot compute"
    )
    assert shown["filter_responses"].not_maximised in found.to_html()
    accuracies = [
        {entry.name: entry.accuracy.successes for entry in each["preprocessing_check"].variants}
        for each in (shown, wanted)
    ]
    assert accuracies[0] == accuracies[1]


def test_attribution_of_a_compiled_model_is_left_out_with_the_reason(compiled: Any) -> None:
    first, _ = first_and_last()
    report = reportgen.build_report(first, np.moveaxis(IMAGES, -1, 1), redraws=5)
    assert "through a channels-first model" in reasons(report)["attribution"]


def test_masked_run_that_fails_is_said_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*args: Any, **kwargs: Any) -> Any:
        raise ForwardError("out of memory")

    monkeypatch.setattr("reportgen.analyses.channel_activity.masked_runs.predict_masked", failing)
    report = reportgen.build_report(two_inputs(), {"image": IMAGES, "meta": META}, attribution="none", redraws=5)
    result = sections(report)["channel_activity"]
    assert (result.masked, result.masked_reason) == (
        None,
        "the model cannot run with masked channels: out of memory",
    )
    assert (
        "Whether they are harmless is not known: the model cannot run with masked channels: out of memory."
        in report.to_html()
    )


def test_compiled_model_is_traced_anew_where_its_layers_are_wrapped() -> None:
    _, last = first_and_last()
    model = CompiledModel(last)
    np.testing.assert_allclose(model(IMAGES), last(IMAGES), atol=1e-5)
    assert model.fresh() is not model
    assert model.fresh().model is last
    with pytest.raises(ValueError, match="training=False"):
        model(IMAGES, training=True)
