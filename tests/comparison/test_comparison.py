"""Whole comparisons of tiny networks: the verdict, and every part, one way and the other."""

import json

import numpy as np
import pytest
import schemas
from networks import grouped, permuted, permuted_groups, residual, tiny

from reportgen.api import build_comparison
from reportgen.errors import SamplesError
from reportgen.results import ComparedOutcome, Section, SkippedSection


def parts(comparison):
    return {section.name: section.result for section in comparison.sections if isinstance(section, Section)}


def reasons(comparison):
    return {section.name: section.reason for section in comparison.sections if isinstance(section, SkippedSection)}


def test_a_model_that_forgot_a_class_is_worse(pair, worse):
    lost = int((pair[3] == 0).sum())
    answers, classes = parts(worse)["answers"], parts(worse)["class_changes"]
    assert worse.verdict.outcome is ComparedOutcome.WORSE
    assert worse.regressed
    assert (answers.rates.fixed, answers.rates.broken) == (0, lost)
    assert answers.rates.base.successes == 60
    assert [row.name for row in classes.worse] == ["a<b"]
    assert classes.classes[0].recall.broken == lost
    assert [change.part for change in worse.verdict.changes if change.worse][:2] == ["answers", "class_changes"]
    assert worse.verdict.changes[0].action == (
        f"Keep the base, and look at the {lost} samples that only the base gets right."
    )


def test_broken_samples_are_shown_with_both_answers(worse, pair):
    shown = parts(worse)["answers"].broken
    assert all(pair[3][one.index] == 0 for one in shown.samples)
    assert {one.label for one in shown.samples} == {"a<b"}
    assert {one.answers[0] for one in shown.samples} == {"a<b"}
    assert shown.pictures.images.shape == (len(shown.samples), 6, 6)


def test_every_number_is_mirrored_when_the_models_change_places(worse, better):
    there, back = parts(worse), parts(better)
    one, other = there["answers"].rates, back["answers"].rates
    assert (one.fixed, one.broken, one.p_value, one.needed) == (other.broken, other.fixed, other.p_value, other.needed)
    assert (one.difference, one.low, one.high) == pytest.approx((-other.difference, -other.high, -other.low))
    assert there["answers"].broken.samples[0].index == back["answers"].fixed.samples[0].index
    rows = {row.name: row for row in back["class_changes"].classes}
    for row in there["class_changes"].classes:
        assert row.recall.difference == -rows[row.name].recall.difference
        assert row.certain == rows[row.name].certain
    assert there["calibration_change"].difference == -back["calibration_change"].difference
    assert there["calibration_change"].p_value == back["calibration_change"].p_value
    first, second = there["finding_changes"], back["finding_changes"]
    assert {(one.code, one.subject) for one in first.new} == {(one.code, one.subject) for one in second.gone}
    assert [one.distance for one in there["map_changes"].layers] == [one.distance for one in back["map_changes"].layers]
    assert (worse.verdict.outcome, better.verdict.outcome) == (ComparedOutcome.WORSE, ComparedOutcome.BETTER)
    assert not better.regressed


def test_a_model_is_identical_to_itself(pair):
    base, _, samples, labels = pair
    same = build_comparison(base, base, samples, labels=labels)
    assert same.verdict.outcome is ComparedOutcome.IDENTICAL
    assert same.verdict.conclusion == "Identical: the same layers, the same weights and the same answers."
    assert same.verdict.changes == ()
    found = parts(same)
    assert (found["finding_changes"].new, found["finding_changes"].gone) == ((), ())
    assert found["architecture_changes"].same
    assert found["weight_changes"].equal
    assert found["answers"].outputs.equal
    assert reasons(same) == {"filter_changes": "No filter over a window of an image differs."}


@pytest.mark.parametrize("kind", ["plain", "grouped, depthwise and transposed"])
def test_the_same_network_with_its_channels_in_another_order_is_identical(kind):
    model = residual() if kind == "plain" else grouped()
    other = permuted(model) if kind == "plain" else permuted_groups(model, exchanged=True)
    samples = np.random.default_rng(0).random((12, 8, 8, 2)).astype(np.float32)
    found = build_comparison(model, other, samples)
    assert found.verdict.conclusion == "Identical: the same network, with its channels in another order."
    assert all(layer.distance < 1e-5 for layer in parts(found)["map_changes"].layers)


def test_long_stages_tell_how_far_they_are(pair):
    base, new, samples, labels = pair
    told = []
    build_comparison(base, new, samples, labels=labels, on_progress=told.append)
    stages = list(dict.fromkeys(one.stage for one in told))
    assert stages[0] == "Loading TensorFlow"
    assert stages[-3:] == ["Reading the samples", "Running the model", "Comparing"]
    ends = [(one.done, one.total) for one in told if one.stage == "Running the model" and one.done == one.total > 0]
    assert set(ends) == {(60, 60)}
    assert len(ends) >= 2  # of both models


def test_a_rule_that_was_not_checked_for_the_other_model_decides_nothing():
    import keras

    samples, labels = np.random.default_rng(0).random((60, 4, 4, 1)).astype(np.float32), np.arange(60) % 10

    def model(units):
        layers = [keras.layers.Flatten(), keras.layers.Dense(units, activation="softmax" if units > 1 else None)]
        made = keras.Sequential([keras.Input((4, 4, 1)), *layers])
        made.set_weights([np.random.default_rng(2).normal(size=weight.shape) for weight in made.weights])
        return made

    found = build_comparison(model(10), model(1), samples, labels=labels)  # of classes, and of a number
    rows = {row.code: row for row in parts(found)["finding_changes"].findings}
    assert (rows["no-better-than-mean"].base, rows["no-better-than-mean"].decided) == (None, False)
    assert not found.regressed


def test_without_labels_agreement_is_measured_and_nothing_judged(pair):
    base, new, samples, labels = pair
    found = build_comparison(base, new, samples)
    answers = parts(found)["answers"]
    assert found.verdict.outcome is ComparedOutcome.UNJUDGED
    assert not found.regressed
    assert answers.rates is None
    assert answers.agreement.successes == int((labels != 0).sum())
    assert len(answers.differing.samples) == min(16, int((labels == 0).sum()))
    assert answers.outputs.largest > 0.5
    assert "class_changes" in reasons(found)


def test_without_samples_weights_are_compared(pair):
    found = build_comparison(pair[0], pair[1])
    assert found.verdict.outcome is ComparedOutcome.UNJUDGED
    assert found.samples is None
    assert parts(found)["weight_changes"].others_changed == 1
    assert reasons(found)["answers"] == "No samples were given. Add --samples SOURCE to compare the answers."


def test_numbers_are_compared_by_their_errors():
    base, new = tiny(units=1, head="linear"), tiny(units=1, head="linear", seed=8)
    samples = np.random.default_rng(0).random((40, 6, 6, 1)).astype(np.float32)
    targets = np.asarray(base(samples))[:, 0] + np.random.default_rng(1).normal(0, 0.01, 40)
    found = build_comparison(base, new, samples, labels=targets.astype(np.float32))
    answers = parts(found)["answers"]
    assert answers.measure == "mean absolute error"
    assert answers.errors.base == pytest.approx(np.abs(np.asarray(base(samples))[:, 0] - targets).mean(), rel=1e-3)
    assert answers.errors.low > 0
    assert found.verdict.outcome is ComparedOutcome.WORSE
    assert answers.broken.samples[0].values[1] > answers.broken.samples[0].values[0]


def test_models_of_other_architectures_are_compared_as_far_as_they_can(pair):
    import keras

    base, _, samples, labels = pair
    other = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(4, 3, activation="tanh", name="conv"),
            keras.layers.MaxPooling2D(2, name="pool"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(3, activation="softmax", name="scores"),
        ]
    )
    found = build_comparison(base, other, samples, labels=labels)
    layers = parts(found)["architecture_changes"]
    assert [row.new.path for row in layers.of_kind("added")] == ["pool"]
    changed = {row.new.path: row for row in layers.of_kind("changed")}
    assert [(one.name, one.base, one.new) for one in changed["conv"].settings] == [("activation", "relu", "tanh")]
    assert changed["scores"].base.path == "head"  # the same kind in the same place, with another name
    assert [kernel.label for kernel in parts(found)["weight_changes"].kernels] == ["conv"]
    assert parts(found)["answers"].rates.new.trials == 60


def test_outputs_of_other_sizes_are_not_compared(pair):
    found = build_comparison(pair[0], tiny(units=5), pair[2])
    assert reasons(found)["answers"] == (
        "The answers cannot be compared: the base gives 3 numbers a sample and the new model 5."
    )


def test_layers_that_keras_gave_other_names_are_found_again():
    import keras

    def made():
        return keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                keras.layers.Conv2D(4, 3),
                keras.layers.Flatten(),
                keras.layers.Dense(2, activation="softmax"),
            ]
        )

    first, second = made(), made()
    second.set_weights(first.get_weights())
    assert first.layers[0].name != second.layers[0].name
    found = build_comparison(first, second, np.random.default_rng(0).random((8, 6, 6, 1)).astype(np.float32))
    assert found.verdict.outcome is ComparedOutcome.IDENTICAL
    assert [layer.distance for layer in parts(found)["map_changes"].layers] == [0.0]


def test_several_numbers_are_no_classes():
    base, new = tiny(units=3, head="linear"), tiny(units=3, head="linear", seed=8)
    samples = np.random.default_rng(0).random((20, 6, 6, 1)).astype(np.float32)
    found = build_comparison(base, new, samples, labels=np.asarray(base(samples)) + 0.25)
    answers = parts(found)["answers"]
    assert answers.agreement is None
    assert answers.errors.base == pytest.approx(0.25, rel=1e-3)


def test_rules_of_a_model_that_runs_are_not_held_against_weights_alone(tmp_path):
    model = tiny()
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    found = build_comparison(tmp_path / "model.weights.h5", tmp_path / "model.keras")
    assert found.verdict.outcome is ComparedOutcome.UNJUDGED
    weights = parts(found)["weight_changes"]
    assert all(kernel.equal for kernel in weights.kernels)
    assert not weights.complete
    assert set(reasons(found)) >= {"finding_changes", "architecture_changes"}


def test_a_stream_is_read_once_for_both(pair):
    base, new, samples, labels = pair
    found = build_comparison(base, new, iter([(samples[:32], labels[:32]), (samples[32:], labels[32:])]))
    assert found.verdict.outcome is ComparedOutcome.WORSE


def test_models_of_other_inputs_share_no_stream(pair):
    with pytest.raises(SamplesError):
        build_comparison(residual(), pair[0], iter([pair[2]]))


def test_an_output_of_nan_is_never_right(pair):
    import keras

    base, _, samples, labels = pair
    broken = keras.models.clone_model(base)
    broken.set_weights([np.full_like(weight, np.nan) for weight in base.get_weights()])
    found = build_comparison(base, broken, samples, labels=labels)
    assert parts(found)["answers"].rates.broken == 60
    assert found.verdict.outcome is ComparedOutcome.WORSE


def test_options_of_a_report_alone_are_refused(pair):
    with pytest.raises(TypeError, match="build_comparison has no option 'maximise'; build_report has"):
        build_comparison(pair[0], pair[1], maximise=True)


def test_the_json_fits_its_schema(worse):
    document = json.loads(worse.to_json())
    schemas.COMPARISON.validate(document)
    assert document["verdict"]["outcome"] == "worse"


def test_a_redacted_comparison_names_and_shows_no_sample(pair):
    base, new, samples, labels = pair
    found = build_comparison(
        base, new, samples, labels=labels, class_names=["lemming", "otter", "stoat"], redact=True, note="for otters"
    )
    page, document = found.to_html(), found.to_json()
    assert [word for word in ("lemming", "otter", "stoat") if word in page + document] == []
    answers = parts(found)["answers"]
    assert (answers.broken.pictures, answers.broken.samples[0].label) == (None, "")
    assert parts(found)["class_changes"].classes[0].name == "class 0"
    assert parts(found)["map_changes"].layers[0].panels == ()
    assert found.title == "Redacted comparison"
    assert found.verdict.outcome is ComparedOutcome.WORSE


def test_settings_that_differ_stand_in_the_order_of_the_layers_configuration(pair):
    import keras

    base = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(4, 3, activation="relu", name="conv")])
    new = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 5, padding="same", activation="tanh", name="conv")]
    )
    (conv,) = parts(build_comparison(base, new))["architecture_changes"].layers
    assert [one.name for one in conv.settings] == ["filters", "kernel_size", "padding", "activation"]
