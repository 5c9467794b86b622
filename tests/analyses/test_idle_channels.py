"""Idle channels from hand-built statistics."""

import numpy as np
import pytest

from reportgen.analyses.channel_activity.idle_channels import activation_kind, dormancy_scores, idle_channels
from reportgen.models.passes.channel_statistics import ChannelStatistics


def statistics(maximum: list[float], magnitude: list[float], minimum: list[float] | None = None, at_ends=None):
    zeros = np.zeros(len(maximum))
    low = np.array(minimum if minimum is not None else zeros, np.float32)
    ends = zeros if at_ends is None else np.array(at_ends)
    lost = np.zeros(len(zeros), np.int64)
    return ChannelStatistics(10, low, np.array(maximum, np.float32), zeros, np.array(magnitude), zeros, ends, lost)


def test_scores_are_magnitudes_over_their_mean() -> None:
    assert dormancy_scores(np.array([0.0, 1.0, 3.0])).tolist() == [0, 0.75, 2.25]
    assert dormancy_scores(np.zeros(3)).tolist() == [0, 0, 0]


def test_a_rectified_channel_is_silent_without_a_value_above_zero() -> None:
    found = idle_channels(statistics([0.0, 1e-30, 2.0], [0.0, 1e-30, 1.0]), "relu")
    assert (found.kind, found.silent, found.dormant) == ("rectified", (0,), (1,))
    assert found.dormant_counts == (1, 2, 2)
    assert found.constant == (1,)


@pytest.mark.parametrize(("magnitude", "dormant"), [(0.0249, (0,)), (0.0251, ())])
def test_a_channel_is_dormant_up_to_a_fortieth_of_the_mean(magnitude: float, dormant: tuple[int, ...]) -> None:
    # the mean of the two magnitudes is 1
    for activation in ("relu", "gelu"):
        assert idle_channels(statistics([1.0, 1.0], [magnitude, 2 - magnitude]), activation).dormant == dormant
    assert idle_channels(statistics([1.0, 1.0], [magnitude, 2 - magnitude]), "linear").dormant == ()


@pytest.mark.parametrize(("span", "constant"), [(0.00099, (0,)), (0.00101, ())])
def test_a_channel_is_constant_under_a_thousandth_of_the_widest_span(span: float, constant: tuple[int, ...]) -> None:
    found = idle_channels(statistics([1 + span, 2.0], [1.0, 1.0], minimum=[1.0, 1.0]), "linear")
    assert (found.kind, found.constant, found.silent) == ("linear", constant, ())


@pytest.mark.parametrize(("share", "saturated"), [(0.95, (0,)), (0.949, ())])
def test_a_bounded_channel_is_saturated_with_95_percent_at_its_ends(share: float, saturated: tuple[int, ...]) -> None:
    values = statistics([1.0, 0.9], [0.5, 0.5], at_ends=[share, 0.1])
    assert idle_channels(values, "sigmoid").saturated == saturated
    assert idle_channels(values, "tanh").kind == "bounded"
    assert idle_channels(values, "gelu").saturated == ()


def test_kinds() -> None:
    kinds = [activation_kind(name) for name in ("relu6", "hard_sigmoid", "linear", "silu", "prelu")]
    assert kinds == ["rectified", "bounded", "linear", "smooth", "smooth"]
