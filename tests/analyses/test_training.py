"""What a training is said to have been, from hand-made setups and histories."""

import math

import pytest
from builders import context

from reportgen.analyses.base import Skip
from reportgen.analyses.training.analysis import MOST_CURVES, Training
from reportgen.analyses.training.results import TrainingResult
from reportgen.reading import TrainingSetup
from reportgen.results import Severity
from reportgen.run import TrainingHistory

ADAM = TrainingSetup("Adam", 1e-3, "CosineDecay", "mse", ("mae",), 120)


def history(**metrics: list[float]) -> TrainingHistory:
    length = len(next(iter(metrics.values())))
    return TrainingHistory(tuple(range(1, length + 1)), {name: tuple(values) for name, values in metrics.items()})


def run(setup: TrainingSetup | None = None, **metrics: list[float]) -> TrainingResult | Skip:
    return Training().run(context(training=setup, history=history(**metrics) if metrics else None))


def test_a_setup_is_said_as_it_is_known():
    result = run(ADAM)
    assert (result.optimizer, result.learning_rate, result.schedule) == ("Adam", 1e-3, "CosineDecay")
    assert (result.loss, result.metrics, result.steps, result.compiled) == ("mse", ("mae",), 120, True)
    assert (result.epochs, result.curves) == (0, ())


def test_without_setup_and_history_there_is_no_section():
    assert run().reason == "The model holds no training configuration. Add --history FILE for its learning curves."


def test_a_loss_is_best_where_its_validation_value_is_smallest():
    (curve,) = run(loss=[3.0, 2.0, 1.0], val_loss=[3.0, 1.5, 2.5]).curves
    assert (curve.name, curve.best_epoch, curve.best, curve.on_validation) == ("loss", 2, 1.5, True)
    assert (curve.last, curve.validation_last, curve.curve.marked) == (1.0, 2.5, 2.0)
    assert {name: values.tolist() for name, values in curve.curve.lines.items()} == {
        "training": [3.0, 2.0, 1.0],
        "validation": [3.0, 1.5, 2.5],
    }


@pytest.mark.parametrize(
    ("name", "best"),
    [
        ("accuracy", 2),
        ("auc", 2),
        ("mean_absolute_error", 1),
        ("mae", 1),
        ("scores_loss", 1),
        ("binary_crossentropy", 1),
    ],
)
def test_whether_large_or_small_is_good_follows_from_the_name(name, best):
    (curve,) = run(**{name: [0.25, 0.75]}).curves
    assert (curve.best_epoch, curve.on_validation, curve.validation_last) == (best, False, None)


def test_a_loss_that_became_infinite_or_nan_is_never_the_best():
    (curve,) = run(loss=[2.0, 1.0, -math.inf, math.nan]).curves
    assert (curve.best_epoch, curve.best, curve.last) == (2, 1.0, None)


def test_losses_come_first_rates_last_and_of_many_metrics_the_rest_is_named():
    names = ["lr", "zeta", "a_loss", "beta", "loss", "gamma", "delta", "eta"]
    result = run(**{name: [1.0, 2.0] for name in names})
    assert [curve.name for curve in result.curves] == ["loss", "a_loss", "beta", "delta", "eta", "gamma"]
    assert result.further == ("zeta", "lr")
    assert len(result.curves) == MOST_CURVES


def findings(setup: TrainingSetup | None, limit: float = 0):
    return list(Training().findings(run(setup, loss=[1.0]), {"never-stepped": limit}))


def test_an_optimiser_that_counts_no_step_is_a_note_that_accuses_no_weights():
    (finding,) = findings(TrainingSetup("SGD", steps=0))
    assert (finding.code, finding.severity, finding.subject) == ("never-stepped", Severity.NOTE, "model")
    assert finding.message == (
        "SGD counts 0 steps since the model was compiled (limit 0); that says nothing of weights trained before that"
    )


@pytest.mark.parametrize("setup", [ADAM, TrainingSetup("Adam"), None], ids=["stepped", "no counter", "not compiled"])
def test_nothing_is_said_of_one_that_stepped_or_whose_steps_are_not_known(setup):
    assert findings(setup) == []


def test_the_limit_is_the_one_that_is_given():
    assert len(findings(ADAM, 120)) == 1
    assert findings(ADAM, 119) == []
