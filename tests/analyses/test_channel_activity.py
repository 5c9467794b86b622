"""Silent, dormant and stuck channels, and whether anything depends on them."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, context, evaluated_samples, live_context
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.channel_activity.analysis import ChannelActivity, _classes
from reportgen.analyses.channel_activity.results import ChannelActivityResult, LayerActivity, MaskedRun
from reportgen.measures.intervals import never_seen_bound
from reportgen.models.graphs import UNKNOWN_HEAD, Head
from reportgen.results.findings import Finding, Inconclusive, Severity
from reportgen.results.plottables import Strip


def run_model(model: Any, inputs: np.ndarray, labels: np.ndarray | None = None) -> ChannelActivityResult:
    result = ChannelActivity().run(live_context(model, inputs, labels=labels, batch_size=2, chosen=1))
    assert isinstance(result, ChannelActivityResult)
    return result


def small_model(*biases: float) -> Any:
    """Two inputs of 0 to 1; a rectified unit for each bias, which adds it to the first input; two classes."""
    model = keras.Sequential(
        [keras.Input((2,)), layers.Dense(len(biases), activation="relu", name="units"), layers.Dense(2, name="head")]
    )
    first = np.zeros((2, len(biases)), np.float32)
    first[0] = 1
    model.get_layer("units").set_weights([first, np.array(biases, np.float32)])
    model.get_layer("head").set_weights([np.ones((len(biases), 2), np.float32) * [1, -1], np.array([0.0, 2.4])])
    return model


INPUTS = np.array([[0.0, 1.0], [0.5, 0.0], [1.0, 1.0]], np.float32)


def test_channels_are_counted_on_a_model_with_known_weights() -> None:
    # units give x - 1 (never above zero), x - 0.99 (0.01 on one sample) and x
    result = run_model(small_model(-1.0, -0.99, 0.0), INPUTS)
    (layer,) = result.layers
    assert (layer.name, layer.activation, layer.kind, layer.source, layer.channels) == (
        "units",
        "relu",
        "rectified",
        None,
        3,
    )
    assert (layer.silent, layer.dormant, layer.dormant_counts) == ((0,), (1,), (1, 2, 2))
    assert layer.zeros == pytest.approx(2 / 3)
    # mean magnitudes 0, 1/300, 1/2 over their mean
    np.testing.assert_allclose(layer.strip.values, np.array([0.5, 0.01 / 3, 0]) / (0.5 + 0.01 / 3) * 3, rtol=1e-4)
    assert (layer.idle, result.evaluated) == (2, 3)


def test_masking_tells_what_depends_on_idle_channels() -> None:
    labels = np.array([1, 1, 0])
    result = run_model(small_model(-1.0, -0.99, 0.195), np.tile(INPUTS, (20, 1)), np.tile(labels, 20))
    assert result.masked is not None
    # the last sample's logits are 1.205 and 1.195; without the dormant unit's 0.01 they change places
    assert (result.masked.silent, result.masked.dormant, result.masked.samples) == (1, 1, 60)
    assert result.masked.largest_change == pytest.approx(0.01, rel=1e-3)
    assert (result.masked.accuracy, result.masked.masked_accuracy) == (1, pytest.approx(2 / 3))
    without = run_model(small_model(-1.0, -0.99, 0.195), np.tile(INPUTS, (20, 1)))
    assert without.masked is not None
    assert without.masked.accuracy is None
    few = run_model(small_model(-1.0, -0.99, 0.195), INPUTS)
    assert (few.masked, few.masked_reason) == (None, "too few samples to call a channel idle")


def test_masked_answers_are_read_as_those_before_them_are() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, activation="relu"), layers.Dense(1)])
    model.set_weights(
        [np.array([[1, 1, 1], [0, 0, 0]]), np.array([-1, -0.99, 0]), np.array([[1], [50], [1]]), np.zeros(1)]
    )
    labels = np.tile([0, 1, 1], 20)
    given = live_context(model, np.tile(INPUTS, (20, 1)), labels=labels, batch_size=2, chosen=1, head=UNKNOWN_HEAD)
    result = ChannelActivity().run(given)
    assert isinstance(result, ChannelActivityResult)
    assert result.masked is not None
    # logits 0, 0.5 and 1.5, of which nothing but the last tells that they are none; without the dormant unit it is 1
    assert result.masked.largest_change == pytest.approx(0.5, rel=1e-3)
    assert (result.masked.accuracy, result.masked.masked_accuracy) == (1, 1)


def test_without_idle_channels_the_model_is_not_run_again() -> None:
    assert run_model(small_model(0.0, 0.1), INPUTS).masked is None


def test_masking_runs_at_most_256_samples() -> None:
    result = run_model(small_model(-1.0, 0.0), np.tile(INPUTS, (100, 1)))
    assert result.masked is not None
    assert (result.masked.samples, result.evaluated) == (256, 300)


def test_a_separate_activation_names_the_layer_before_it() -> None:
    chain = [layers.Conv2D(3, 3, name="conv"), layers.BatchNormalization(), layers.Activation("tanh", name="act")]
    model = keras.Sequential([keras.Input((6, 6, 1)), *chain, layers.Flatten(), layers.Dense(2)])
    (layer,) = run_model(model, np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype(np.float32)).layers
    assert (layer.name, layer.source, layer.activation, layer.kind, layer.zeros) == (
        "act",
        "conv",
        "tanh",
        "bounded",
        None,
    )


def test_without_samples_or_anything_to_look_at_the_section_is_a_skip() -> None:
    assert ChannelActivity().run(context()) == Skip("Give --samples.")
    empty = evaluated_samples(INPUTS)
    assert ChannelActivity().run(context(empty)) == Skip(
        "No hidden layer has an activation, and none is a convolution."
    )


LAYER = LayerActivity(
    "conv", None, "relu", "rectified", 100, (), (), (0, 0, 0), (), (), 0.5, Strip(np.ones(100), 0.025)
)


def findings(*layers: LayerActivity, samples: int = 60) -> list[Any]:
    result = ChannelActivityResult(layers, MaskedRun(0, 0, 1, 0.0, None, None), samples)
    return list(ChannelActivity().findings(result, LIMITS))


def test_a_layer_without_idle_channels_is_no_finding() -> None:
    assert findings(LAYER) == []


@pytest.mark.parametrize(("seen", "classes"), [(1, 10), (9, 10), (10, 10), (None, None)])
def test_no_channel_is_to_be_removed_before_samples_of_all_classes_were_run(
    seen: int | None, classes: int | None
) -> None:
    layers = (replace(LAYER, silent=tuple(range(44))),)
    masked = MaskedRun(0, 0, 1, 0.0, None, None)
    result = ChannelActivityResult(layers, masked, 200, seen=seen, classes=classes)
    (finding,) = ChannelActivity().findings(result, LIMITS)
    assert isinstance(finding, Finding)
    assert finding.action == (
        "Remove 44 units: conv could have 56."
        if seen == classes
        else f"Run it on samples of all 10 classes before any is removed: these are of {seen}."
    )


@pytest.mark.parametrize(
    ("labels", "head", "seen"),
    [
        (np.full(4, 1), UNKNOWN_HEAD, 1),
        (None, UNKNOWN_HEAD, 2),
        (np.array([[1, 0, 1], [0, 0, 1], [0, 0, 0], [1, 0, 0]]), Head("sigmoid"), 2),
        (None, Head("sigmoid"), 3),
    ],
)
def test_the_classes_of_the_samples_are_those_of_their_labels_or_else_of_the_answers(
    labels: Any, head: Head, seen: int
) -> None:
    outputs = np.array([[0.1, 0.2, 0.7], [0.1, 0.6, 0.3], [0.1, 0.6, 0.3], [0.6, 0.7, 0.9]])
    outputs[3] = outputs[3] if head.activation else [0.2, 0.2, 0.6]
    samples = evaluated_samples(np.zeros((4, 2)), labels=labels, outputs=outputs)
    assert _classes(context(samples, head=head)) == (seen, 3)
    assert _classes(context(evaluated_samples(np.zeros((4, 2)), outputs=np.zeros((4, 2, 2))))) == (None, None)


def test_silent_channels_of_a_layer_without_positions_are_spare_and_a_note_below_nine_tenths() -> None:
    (finding,) = findings(replace(LAYER, silent=tuple(range(44))), samples=200)
    assert (finding.code, finding.severity, finding.threshold) == ("silent-channels", Severity.NOTE, 0.9)
    # 1 - (0.05 / 44) ** (1 / 200): for all 44 together, where one alone has 1.5 %
    assert finding.message == (
        "44 of 100 units are dead: zero on all 200 samples (44.0%, a note below 90%); with 95% "
        "confidence each fires on fewer than 3.3% of such samples"
    )
    assert finding.action == "Remove 44 units: conv could have 56."
    (single,) = findings(replace(LAYER, silent=(3,), source="dense"))
    assert single.action == "Remove 1 unit: dense could have 99."
    assert single.message.endswith("with 95% confidence it fires on fewer than 4.9% of such samples")
    (most,) = findings(replace(LAYER, silent=tuple(range(90))))
    assert most.severity is Severity.WARNING
    assert "(90.0%, limit 90%)" in most.message
    assert most.action == (
        "Retrain with a smaller learning rate, as most units are dead; or keep the 10 others of conv."
    )
    (last,) = findings(replace(LAYER, silent=tuple(range(99))))
    assert last.action.endswith("or keep the 1 other of conv.")


def test_the_section_and_its_findings_bound_how_often_a_silent_channel_fires_by_one_number() -> None:
    layers = replace(LAYER, silent=tuple(range(44))), replace(LAYER, name="next", silent=(1, 2))
    result = ChannelActivityResult(layers, MaskedRun(0, 0, 1, 0.0, None, None), 200)
    assert result.silent_bound == never_seen_bound(200, of=46)
    found = list(ChannelActivity().findings(result, LIMITS))
    assert [one.evidence["rate_bound"] for one in found] == [result.silent_bound] * 2
    assert replace(result, layers=(LAYER,)).silent_bound == never_seen_bound(200)


@pytest.mark.parametrize(("silent", "severity"), [(40, Severity.NOTE), (41, Severity.WARNING)])
def test_over_two_fifths_of_silent_channels_with_positions_is_a_warning(silent: int, severity: Severity) -> None:
    (finding,) = findings(replace(LAYER, silent=tuple(range(silent)), spatial=True), samples=300)
    assert (finding.severity, finding.subject, finding.threshold) == (severity, "conv", 0.4)
    assert "1607.03250" in finding.source
    assert finding.evidence == {
        "silent": silent,
        "channels": 100,
        "samples": 300,
        "share": silent / 100,
        "rate_bound": pytest.approx(1 - (0.05 / silent) ** (1 / 300)),
    }


@pytest.mark.parametrize("samples", [5, 300])
def test_a_layer_of_which_no_channel_fired_is_a_problem_also_on_few_samples(samples: int) -> None:
    (finding,) = findings(replace(LAYER, silent=tuple(range(100)), spatial=True), samples=samples)
    assert (finding.code, finding.severity, finding.explains) == ("silent-channels", Severity.PROBLEM, True)
    assert finding.message == (
        f"all 100 units are dead: zero on all {samples} samples, so the layer outputs nothing but zeros"
    )
    assert finding.action.startswith("Check the scaling of the inputs and the biases of the layer, then retrain")
    (few,) = findings(replace(LAYER, silent=tuple(range(100))), samples=4)
    assert isinstance(few, Inconclusive)


def test_layers_with_positions_are_those_with_several_values_for_a_channel() -> None:
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="relu", name="hidden"),
            layers.Dense(2, name="answer"),
        ]
    )
    result = run_model(model, np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype(np.float32))
    assert [(layer.name, layer.spatial) for layer in result.layers] == [("conv", True), ("hidden", False)]


def test_a_healthy_network_with_spare_units_has_a_note_and_the_same_answers_without_them() -> None:
    random = np.random.default_rng(0)
    labels = np.arange(400) % 10
    inputs = np.abs(random.normal(0, 0.05, (400, 10))).astype(np.float32)
    inputs[np.arange(400), labels] += 1
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(64, activation="relu", name="hidden"),
            layers.Dense(10, activation="softmax", name="answer"),
        ]
    )
    hidden, answer = random.normal(0, 0.05, (10, 64)), random.normal(0, 0.02, (64, 10))
    hidden[np.arange(40) % 10, np.arange(40)] += 1
    answer[np.arange(40), np.arange(40) % 10] += 2
    hidden[:, 40:] = random.normal(-0.3, 0.05, (10, 24))
    model.get_layer("hidden").set_weights([hidden, np.where(np.arange(64) < 40, 0, -0.2)])
    model.get_layer("answer").set_weights([answer, np.zeros(10)])
    result = run_model(model, inputs, labels)
    assert result.masked is not None
    assert (result.masked.silent, result.masked.largest_change, result.masked.masked_accuracy) == (24, 0, 1)
    (finding,) = ChannelActivity().findings(result, LIMITS)
    assert (finding.code, finding.severity) == ("silent-channels", Severity.NOTE)


def test_under_sixty_samples_idle_channels_are_one_inconclusive_answer_for_each_rule() -> None:
    idle = replace(LAYER, silent=tuple(range(20)), dormant=tuple(range(20, 40)), constant=(50,), saturated=(51,))
    found = findings(idle, LAYER, replace(idle, name="other"), samples=59)
    assert [(type(one), one.code, one.subject, one.samples_needed) for one in found] == [
        (Inconclusive, "silent-channels", "model", 60),
        (Inconclusive, "dormant-channels", "model", 60),
        (Inconclusive, "stuck-channels", "model", 60),
    ]
    assert found[0].message == (
        "40 channels of 2 layers never fired on 59 samples, and could still fire on up to 5.1% of such samples (95% "
        "confidence, limit 5%)"
    )
    assert findings(LAYER, samples=1) == []
    assert {one.code for one in findings(idle, samples=60)} == {"silent-channels", "dormant-channels", "stuck-channels"}


def test_nan_is_a_problem_of_the_first_layer_that_gives_it_and_nothing_after_it_is_judged() -> None:
    broken = replace(LAYER, name="broken", non_finite=(4,), silent=(1,))
    (problem, silent) = findings(LAYER, broken, replace(broken, name="after", silent=tuple(range(90))))
    assert (problem.code, problem.subject, problem.severity) == ("non-finite-activations", "broken", Severity.PROBLEM)
    assert problem.message == (
        "1 of 100 channels gives NaN or infinite values on 60 samples (limit 0); it and all later layers are not judged"
    )
    assert problem.evidence == {"non_finite": 1, "channels": 100, "layers": 2}
    assert (silent.code, silent.subject) == ("silent-channels", "broken")
    (few,) = findings(replace(broken, silent=()), samples=1)
    assert few.code == "non-finite-activations"


def test_one_nan_leaves_the_other_channels_as_they_are() -> None:
    model = small_model(-1.0, -0.99, 0.0)
    weights = model.get_layer("units").get_weights()
    weights[1][0] = np.inf
    model.get_layer("units").set_weights(weights)
    result = run_model(model, INPUTS)
    (layer,) = result.layers
    assert (layer.non_finite, layer.silent, layer.dormant, layer.channels) == ((0,), (), (1,), 3)
    np.testing.assert_allclose(layer.strip.values, np.array([0.5, 0.01 / 3]) / (0.5 + 0.01 / 3) * 2, rtol=1e-4)
    assert (result.masked, result.masked_reason) == (None, "the model's outputs are already NaN or infinite")


def test_more_than_a_tenth_of_dormant_channels_is_a_note() -> None:
    assert findings(replace(LAYER, dormant=tuple(range(10)))) == []
    (finding,) = findings(replace(LAYER, dormant=tuple(range(11))))
    assert (finding.code, finding.severity, finding.threshold) == ("dormant-channels", Severity.NOTE, 0.1)
    assert finding.message == (
        "11 of 100 channels are dormant on 60 samples: at most 0.025 of the layer's mean activity (11.0%, limit 10%)"
    )
    assert finding.action == "Remove 11 channels, or train conv with 89, and compare the accuracy."
    (every,) = findings(replace(LAYER, dormant=tuple(range(100))))
    assert every.action == every.advice.action == "Prune them or make the layer narrower."


@pytest.mark.parametrize(("count", "severity"), [(10, Severity.NOTE), (11, Severity.WARNING)])
def test_constant_and_saturated_channels_are_stuck(count: int, severity: Severity) -> None:
    layer = replace(LAYER, constant=(0, 1), saturated=tuple(range(2, count)))
    (finding,) = findings(layer)
    assert (finding.code, finding.severity, finding.evidence["stuck"]) == ("stuck-channels", severity, count)
    assert finding.message == (
        f"{count} of 100 channels are constant (2) or saturated ({count - 2}) on 60 samples ({count}.0%, limit 10%)"
    )
