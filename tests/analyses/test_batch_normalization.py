"""Stored moments against observed ones, statistics as they began, and scales that vanished."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from builders import LIMITS, context
from keras import layers

from reportgen.analyses.base import Skip
from reportgen.analyses.batch_normalization.analysis import BatchNormalization, moment_drift
from reportgen.analyses.batch_normalization.results import BatchNormalizationResult, NormalizationAudit
from reportgen.models.graphs import BatchNormalizationLayer, normalization_layers
from reportgen.models.graphs.layers import named_layers
from reportgen.models.passes import ChannelMoments
from reportgen.results.findings import Finding, LayerSummary, Severity


def layer_of(mean: list[float], variance: list[float], gamma: list[float] | None = None, path: str = "norm"):
    scale = None if gamma is None else np.array(gamma)
    return BatchNormalizationLayer(path, np.array(mean), np.array(variance), scale, epsilon=0.0)


def run(*found: BatchNormalizationLayer, moments: dict[str, ChannelMoments] | None = None, calls: Any = ()) -> Any:
    samples: Any = (
        None if moments is None else SimpleNamespace(activations=SimpleNamespace(moments=moments), evaluated=50)
    )
    return BatchNormalization().run(context(samples, layers=calls, normalizations=found))


def moments(mean: list[float], variance: list[float], count: int = 100) -> ChannelMoments:
    return ChannelMoments(count, np.array(mean), np.array(variance))


def test_drift_is_in_stored_standard_deviations_and_a_ratio_of_variances() -> None:
    layer = BatchNormalizationLayer("norm", np.array([1.0, 0.0]), np.array([3.9, 0.9]), None, epsilon=0.1)
    shift, ratio = moment_drift(layer, moments([4.0, -0.5], [7.9, 0.4]))
    np.testing.assert_allclose(shift, [3 / 2, 0.5])
    np.testing.assert_allclose(ratio, [2, 0.5])


@pytest.mark.parametrize(
    ("mean", "variance", "drifted"),
    [(1.0, 1.0, ()), (1.001, 1.0, (0,)), (-1.001, 1.0, (0,)), (0.0, 4.0, ()), (0.0, 4.001, (0,)), (0.0, 0.2499, (0,))],
)
def test_a_channel_is_too_far_beyond_one_deviation_or_a_factor_of_four(
    mean: float, variance: float, drifted: Any
) -> None:
    (audit,) = run(layer_of([0.0, 5.0], [1.0, 2.0]), moments={"norm": moments([mean, 5.0], [variance, 2.0])}).layers
    assert audit.drifted == drifted
    assert audit.largest_shift == pytest.approx(abs(mean))
    assert audit.strip.values.tolist() == pytest.approx([abs(mean), 0.0])


def test_moments_of_a_shared_layer_are_merged() -> None:
    found = {"norm": moments([0.0], [1.0]), "norm (call 2)": moments([4.0], [1.0])}
    (audit,) = run(layer_of([0.0], [1.0]), moments=found).layers
    assert (audit.largest_shift, audit.median_ratio) == (pytest.approx(2), pytest.approx(5))


def test_statistics_that_were_never_updated_are_not_called_drifted_as_well() -> None:
    (audit,) = run(layer_of([0.0], [1.0]), moments={"norm": moments([9.0], [1.0])}).layers
    assert (audit.never_updated, audit.drifted, audit.largest_shift) == (True, (), pytest.approx(9))


def test_without_samples_the_stored_part_still_runs() -> None:
    result = run(layer_of([0.0, 0.0], [1.0, 1.0], [0.0009, -0.5]), layer_of([0.1], [1.0], path="other"))
    first, second = result.layers
    assert (first.never_updated, first.collapsed, first.strip, first.drifted) == (True, (0,), None, None)
    assert first.median_gamma == pytest.approx(0.25045)
    assert (second.never_updated, second.median_gamma) == (False, None)
    assert (result.evaluated, result.no_samples_reason) == (0, "Give --samples.")


def test_a_model_without_batch_normalisation_is_a_skip() -> None:
    assert run() == Skip("The model has no BatchNormalization layer.")
    unread = LayerSummary("norm", "BatchNormalization", None, 4, True)
    assert run(calls=(unread,)) == Skip(
        "BatchNormalization statistics can only be read from a model that can be built."
    )


def test_a_file_of_weights_does_not_say_that_there_is_none() -> None:
    skip = BatchNormalization().run(context(None, listed=False))
    assert skip == Skip(
        "A weights file does not say which layers are BatchNormalization, and no array in it is known to be a moving "
        "variance."
    )


def test_layers_are_read_from_a_live_model() -> None:
    model = keras.Sequential(
        [keras.Input((2,)), layers.BatchNormalization(name="a"), layers.BatchNormalization(scale=False)]
    )
    first, second = normalization_layers(named_layers(model))
    assert (first.path, first.never_updated, first.epsilon) == ("a", True, 1e-3)
    assert first.gamma is not None
    assert first.gamma.tolist() == [1, 1]
    assert second.gamma is None
    model.layers[0].moving_mean.assign([0.0, 0.1])
    assert normalization_layers(named_layers(model))[0].never_updated is False


AUDIT = NormalizationAudit("norm", 100, False, (), 1.0, (), 0.1, 3.25, 1.0, 1.0, 1.0)


def findings(*audits: NormalizationAudit, evaluated: int = 30) -> list[Finding]:
    result = BatchNormalizationResult(audits, evaluated, "")
    return list(BatchNormalization().findings(result, LIMITS))


def test_a_sound_layer_is_no_finding() -> None:
    assert findings(AUDIT) == []


def test_statistics_as_they_began_are_a_warning_and_of_all_layers_a_problem() -> None:
    fresh = replace(AUDIT, never_updated=True, drifted=tuple(range(100)))
    (finding,) = findings(fresh, replace(AUDIT, name="other"))
    assert (finding.code, finding.severity, finding.subject) == ("never-updated-statistics", Severity.WARNING, "norm")
    assert finding.message == "all 100 channels still hold their initial statistics (mean 0, variance 1): never trained"
    (finding,) = findings(fresh, replace(fresh, name="other"))
    assert (finding.severity, finding.subject, finding.evidence) == (Severity.PROBLEM, "model", {"layers": 2})


def test_over_a_quarter_of_drifted_channels_is_a_warning_from_thirty_samples_on() -> None:
    assert findings(replace(AUDIT, drifted=tuple(range(25)))) == []
    far = replace(AUDIT, drifted=tuple(range(26)), by_mean=2, by_variance=25, smallest_ratio=0.05, largest_ratio=4.5)
    assert findings(far, evaluated=29) == []
    (finding,) = findings(far)
    assert (finding.code, finding.severity, finding.threshold) == ("drifted-statistics", Severity.WARNING, 0.25)
    assert finding.message == (
        "26 of 100 channels differ from training on 30 samples (26.0%, limit 25%): 2 in mean (up to 3.25 σ), 25 in "
        "variance (worst ratio 0.05); too few training updates look the same"
    )
    assert far.excess == pytest.approx(3.25)
    assert replace(far, smallest_ratio=1 / 256).excess == pytest.approx(4)


def test_a_variance_under_zero_is_a_problem_without_samples() -> None:
    (finding,) = findings(replace(AUDIT, negative=(7,)), evaluated=0)
    assert (finding.code, finding.severity, finding.subject) == ("negative-variance", Severity.PROBLEM, "norm")
    assert finding.message == "1 of 100 channels has a negative stored variance (limit 0)"
    assert (finding.evidence, finding.threshold) == ({"negative": 1, "channels": 100}, 0)


@pytest.mark.parametrize(("count", "severity"), [(10, Severity.NOTE), (11, Severity.WARNING)])
def test_collapsed_scales_are_a_note_up_to_a_tenth(count: int, severity: Severity) -> None:
    (finding,) = findings(replace(AUDIT, collapsed=tuple(range(count))))
    assert (finding.code, finding.severity, finding.subject) == ("collapsed-gammas", severity, "norm")
    assert finding.message == (
        f"{count} of 100 channels are constant: their scales are below 0.001 ({count}.0%, limit 10%)"
    )
    assert finding.action.startswith(f"Remove {count} channels, adding their constants to the next bias; or train")
