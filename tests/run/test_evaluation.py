"""From samples to what the analyses see."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from builders import evaluated_samples
from keras import layers

from reportgen.api import build_report
from reportgen.errors import MachineError, SamplesError, UsageError
from reportgen.models.graphs import describe_model, may_be_random
from reportgen.models.passes import predict, recording
from reportgen.options import DEFAULTS, ReportOptions
from reportgen.run.batches import samples_at_once
from reportgen.run.evaluation import evaluate_samples, evaluated_indices
from reportgen.samples import open_samples
from reportgen.samples.labels import Accepts, ClassLabels, Targets

CLASSES = 25


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a classifier whose scores are the softmax of its 25 inputs."""
    identity = layers.Dense(CLASSES, use_bias=False, kernel_initializer="identity", activation="softmax", name="scores")
    return keras.Sequential([keras.Input((CLASSES,)), identity])


def samples(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return generator.normal(size=(count, CLASSES)).astype(np.float32), np.arange(count) % CLASSES


def evaluate(model: Any, source: Any, *, options: ReportOptions = DEFAULTS, shown: tuple[str, ...] = (), **given: Any):
    described = describe_model(model)
    opened = open_samples(source, Accepts(input_shape=described.summary.input_shape), **given)
    return evaluate_samples(described, opened, shown=shown, options=options)


def test_chosen_samples_come_first_then_all_others() -> None:
    assert evaluated_indices((4, 1), 6, most=10, seed=0) == (4, 1, 0, 2, 3, 5)


def test_others_are_drawn_by_the_seed_when_there_are_too_many() -> None:
    drawn = evaluated_indices((999, 3), 1000, most=100, seed=5)
    assert drawn[:2] == (999, 3)
    assert len(set(drawn)) == len(drawn) == 100
    assert list(drawn[2:]) == sorted(drawn[2:])
    assert np.mean(drawn[2:]) == pytest.approx(500, abs=100)
    assert drawn == evaluated_indices((999, 3), 1000, most=100, seed=5)
    assert drawn != evaluated_indices((999, 3), 1000, most=100, seed=6)


def test_chosen_samples_are_evaluated_even_beyond_the_limit() -> None:
    assert evaluated_indices((5, 6, 7), 9, most=2, seed=0) == (5, 6, 7)


def test_limit_bounds_how_many_samples_are_run(model: Any) -> None:
    result = evaluate(model, samples(), options=ReportOptions(select="0,1", max_evaluated=10))
    assert (result.summary.total, result.summary.evaluated) == (60, 10)
    assert len(result.activations.outputs) == 10


def test_batches_of_some_samples_hold_what_other_inputs_receive_of_the_same_ones() -> None:
    images = np.arange(10.0).reshape(5, 2)
    source = evaluated_samples(images, pack=lambda values, positions: (values.tolist(), list(positions)))
    assert list(source.packed([3, 0, 4], 2)) == [([[6, 7], [0, 1]], [3, 0]), ([[8, 9]], [4])]
    assert source.with_first(images[3:]) == ([[6, 7], [8, 9]], [0, 0])


def test_outputs_begin_with_the_chosen_samples_in_their_order(model: Any) -> None:
    inputs, labels = samples()
    result = evaluate(model, (inputs, labels), options=ReportOptions(select="7,2"))
    np.testing.assert_allclose(result.activations.outputs[:2], model(inputs[[7, 2]]).numpy(), atol=1e-6)
    np.testing.assert_array_equal(result.images, inputs[[7, 2]])
    assert isinstance(result.labels, ClassLabels)
    assert result.labels.values[:2].tolist() == [7, 2]
    assert result.summary.shown == (7, 2)


@pytest.mark.parametrize(("rule", "sign"), [("hardest", -1), ("easiest", 1)])
def test_hardest_and_easiest_equal_a_brute_force_search(model: Any, rule: str, sign: int) -> None:
    inputs, labels = samples()
    probabilities = np.exp(inputs.astype(np.float64))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    losses = [-np.log(probabilities[index, labels[index]]) for index in range(60)]
    expected = sorted(range(60), key=lambda index: sign * losses[index])[:4]
    result = evaluate(model, (inputs, labels), options=ReportOptions(select=f"{rule}:4"))
    assert list(result.summary.shown) == expected


def test_default_shows_one_of_each_class_but_at_most_twenty(model: Any) -> None:
    result = evaluate(model, samples())
    assert result.summary.shown == tuple(range(20))
    assert result.summary.selection == "per-class:1"
    assert result.summary.steps[-1] == (
        "One per class would be 25 samples; the first 20 are shown (--select shows others)."
    )


def test_a_selection_that_was_asked_for_is_not_cut(model: Any) -> None:
    result = evaluate(model, samples(), options=ReportOptions(select="per-class:1"))
    assert result.summary.shown == tuple(range(25))


def test_ranges_are_of_stored_values_and_of_what_the_model_received(model: Any) -> None:
    stored = np.zeros((40, CLASSES), np.uint8)
    stored[3, 4], stored[39] = 204, 51
    summary = evaluate(model, stored).summary
    assert summary.stored_range == (0, 204)
    assert summary.input_range == pytest.approx((0, 0.8))
    assert (summary.dtype, summary.shape, summary.labelled) == ("uint8", (CLASSES,), False)


@pytest.mark.filterwarnings("ignore:overflow")
def test_ranges_pass_over_what_is_too_large_for_float32(model: Any) -> None:
    inputs = np.full((2, CLASSES), 3.0)
    inputs[1, 0] = 1e300
    summary = evaluate(model, inputs).summary
    assert (summary.stored_range, summary.input_range) == ((3, 1e300), (3, 3))
    assert np.isnan(evaluate(model, np.full((2, CLASSES), 1e300)).summary.input_range).all()


def test_kept_outputs_are_those_of_the_chosen_samples(model: Any) -> None:
    inputs, labels = samples()
    options = ReportOptions(select="9,1")
    result = evaluate(model, (inputs, labels), options=options, shown=("scores",))
    np.testing.assert_allclose(result.activations.kept["scores"], model(inputs[[9, 1]]).numpy(), atol=1e-6)


def test_label_out_of_range_is_one_line(model: Any) -> None:
    inputs, labels = samples()
    labels = labels.copy()
    labels[4] = CLASSES
    expected = (
        "labels must be from 0 to 24, as the model has 25 classes. Received: 25 for sample 4. "
        "Check that labels and model belong together."
    )
    for select in ("first:2", "hardest:2"):
        with pytest.raises(SamplesError) as caught:
            evaluate(model, (inputs, labels), options=ReportOptions(select=select))
        assert str(caught.value) == expected


def test_class_names_of_another_number_than_classes_are_refused(model: Any) -> None:
    with pytest.raises(SamplesError) as caught:
        evaluate(model, samples()[0], class_names=["cat", "dog"])
    assert str(caught.value) == (
        "class names must be 25, as the model has 25 classes. Received: 2. Give --class-names in the model's order."
    )


def test_class_without_a_name_is_its_number(model: Any) -> None:
    assert evaluate(model, samples()).class_name(3) == "class 3"
    named = evaluate(model, samples(), class_names=[f"c{index}" for index in range(CLASSES)])
    assert (named.class_name(3), named.class_name(99)) == ("c3", "class 99")


def test_selection_by_loss_needs_one_score_for_each_class() -> None:
    maps = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3)])
    with pytest.raises(SamplesError) as caught:
        evaluate(maps, (np.zeros((3, 6, 6, 1)), np.zeros(3, int)), options=ReportOptions(select="hardest:1"))
    assert str(caught.value) == (
        "--select hardest and easiest need a model that returns one score for each class. "
        "Received: an output of shape (4, 4, 2). Choose samples by first:N, random:N or their indices."
    )


def test_selection_by_loss_without_labels_is_refused(model: Any) -> None:
    with pytest.raises(SamplesError, match="needs labels"):
        evaluate(model, samples()[0], options=ReportOptions(select="easiest:1"))


def test_model_that_rescales_is_given_bytes_as_stored() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Rescaling(1 / 255, name="rescale")])
    result = evaluate(model, np.array([[0, 51, 102, 255]], np.uint8))
    assert result.summary.input_range == (0, 255)
    assert result.expected_range == pytest.approx((0, 255))
    assert result.rescaled
    np.testing.assert_allclose(result.activations.outputs, [[0, 0.2, 0.4, 1]], atol=1e-6)


def test_batch_is_bounded_by_the_outputs_of_all_layers_together(subclassed_model: Any, demo_model: Any) -> None:
    shape = (256, 256, 8)
    chain = [layers.Conv2D(8, 3, padding="same", name=f"conv_{number}") for number in range(30)]
    # 300 million values are allowed, and 30 outputs of 524,288 each are kept
    assert samples_at_once(describe_model(keras.Sequential([keras.Input(shape), *chain])), shape) == 19
    assert samples_at_once(describe_model(keras.Sequential([keras.Input(shape), *chain[:15]])), shape) == 38
    free = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.MaxPooling2D()])
    assert samples_at_once(describe_model(free), (500, 1000, 3)) == 300_000_000 // (498 * 998 * 4 + 249 * 499 * 4)
    assert samples_at_once(describe_model(free), (50_000, 10_000, 3)) == 1
    # a layer of which nothing is known is taken for one of 64 channels at the sample's size
    calls = len(describe_model(subclassed_model).calls)
    assert samples_at_once(describe_model(subclassed_model), (50, 1000, 3)) == 300_000_000 // (50 * 1000 * 64 * calls)
    assert samples_at_once(describe_model(demo_model), (28, 28, 1)) == 128


def test_where_memory_runs_out_the_model_is_run_in_smaller_batches() -> None:
    sizes: list[int] = []

    class Greedy(layers.Layer):
        """Takes five samples at once at the most."""

        def call(self, inputs: Any) -> Any:
            sizes.append(inputs.shape[0])
            if (inputs.shape[0] or 0) > 5:
                raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
            return inputs * 2

    inputs = np.arange(24, dtype=np.float32).reshape(12, 2)
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(2, activation="relu", name="units"), Greedy(), layers.Dense(2)]
    )
    sizes.clear()
    result = evaluate(model, inputs, options=ReportOptions(select="first:1"))
    # 12 and 6 at once are too many; then the whole pass in threes, and the first samples twice, as the layer may be random
    assert (sizes, result.batch) == ([12, 6, 3, 3, 3, 3, 3, 3], 3)
    assert result.activations.statistics["units"].count == 12
    np.testing.assert_allclose(result.activations.outputs, model.predict(inputs, batch_size=4, verbose=0), rtol=1e-5)
    sizes.clear()
    np.testing.assert_allclose(predict(model, [inputs]), result.activations.outputs, rtol=1e-5)
    assert sizes == [12, 6, 3, 3, 6, 3, 3]


def test_memory_that_does_not_suffice_for_one_sample_is_told_as_that() -> None:
    class Endless(layers.Layer):
        def call(self, inputs: Any) -> Any:
            if tf.executing_eagerly():
                raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
            return inputs

    model = keras.Sequential([keras.Input((2,)), Endless(), layers.Dense(2)])
    with pytest.raises(MachineError, match=r"^this machine has too little memory for it"):
        build_report(model, np.zeros((3, 2), np.float32))


@pytest.mark.parametrize(
    ("parts", "random"),
    [
        ([layers.Dropout(0.5), layers.GaussianNoise(1.0)], False),
        ([layers.Bidirectional(layers.LSTM(2)), layers.BatchNormalization()], False),
        ([layers.Lambda(lambda values: values)], True),
        ([layers.Dense(2, activation=lambda values: values)], True),
        ([keras.Sequential([layers.Lambda(lambda values: values)])], True),
        ([layers.TimeDistributed(layers.Lambda(lambda values: values))], True),
    ],
)
def test_only_a_model_that_may_be_random_is_run_twice(parts: list[Any], random: bool) -> None:
    model = keras.Sequential([keras.Input((4, 3)), *parts, layers.Flatten(), layers.Dense(2, name="answer")])
    ran: list[int] = []
    with recording({"answer": model.get_layer("answer")}, lambda _, output: ran.append(len(output))):
        evaluate(model, np.zeros((20, 4, 3), np.float32), options=ReportOptions(select="first:1"))
    assert ran == ([20, 16, 16] if random else [20])
    assert may_be_random(model) is random


def test_a_layer_that_is_told_to_train_may_be_random() -> None:
    inputs = keras.Input((3,))
    assert may_be_random(keras.Model(inputs, layers.Dropout(0.5)(inputs, training=True)))
    assert not may_be_random(keras.Model(inputs, layers.Dropout(0.5)(inputs)))


def test_unknown_layer_is_refused_before_any_sample_is_read(demo_model: Any) -> None:
    with pytest.raises(UsageError, match="Received: 'nowhere'"):
        build_report(demo_model, "no-such-file.npz", layers="nowhere")


def test_targets_of_a_single_linear_output_are_kept_in_the_order_of_the_samples() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    described = describe_model(model)
    assert described.may_regress
    numbers = np.arange(9) + 0.5
    source = open_samples((np.zeros((9, 3), np.float32), numbers), Accepts(input_shape=(3,), targets=True))
    result = evaluate_samples(described, source, shown=(), options=ReportOptions(select="5,2"))
    assert (result.classes, result.summary.labelled) == (None, True)
    assert isinstance(result.labels, Targets)
    assert result.labels.values.tolist() == [5.5, 2.5, 0.5, 1.5, 3.5, 4.5, 6.5, 7.5, 8.5]
    assert [result.index(position) for position in range(3)] == [5, 2, 0]
    assert result.name_of(0) == "samples[5]"


def test_a_sigmoid_takes_no_targets() -> None:
    assert not describe_model(keras.Sequential([keras.Input((3,)), layers.Dense(1, "sigmoid")])).may_regress


class LeftOn(layers.Dropout):
    """Dropout that also drops when the model is used."""

    def call(self, inputs: Any, training: Any = None) -> Any:
        del training
        return super().call(inputs, training=True)


def test_a_model_that_draws_at_random_is_told_with_the_layer(model: Any) -> None:
    steady = evaluate(model, samples())
    assert (steady.repeat_change, steady.unsteady_layer, steady.not_repeatable) == (0, "", "")
    random = keras.Sequential([*model.layers[:-1], LeftOn(0.5, name="left_on"), model.layers[-1]])
    random.build((None, *model.input_shape[1:]))
    unsteady = evaluate(random, samples())
    assert unsteady.repeat_change > 0.01
    assert unsteady.unsteady_layer == "left_on"
    assert unsteady.not_repeatable.startswith("The model gives different outputs for the same samples")


def test_what_would_run_the_model_again_is_skipped_where_it_draws_at_random() -> None:
    images, labels = samples()
    random = keras.Sequential(
        [
            keras.Input((CLASSES,)),
            layers.Dense(8, activation="relu", name="half_silent"),
            LeftOn(0.5, name="left_on"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    random.get_layer("half_silent").set_weights([np.zeros((CLASSES, 8)), np.repeat([-1.0, 1.0], 4)])
    report = build_report(random, images, labels=labels % 3, attribution="hirescam", config={})
    (finding,) = (one for one in report.findings if one.code == "non-deterministic-output")
    assert (finding.severity.label, finding.subject) == ("problem", "left_on")
    sections = {section.name: section for section in report.sections}
    assert sections["channel_activity"].result.masked is None
    assert sections["channel_activity"].result.masked_reason == "the model gives different outputs for the same samples"
    for name in ("preprocessing_check", "attribution"):
        assert sections[name].reason.startswith("The model gives different outputs for the same samples"), name
